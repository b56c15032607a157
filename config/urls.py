"""The root URL configuration."""

from allauth.account import views as account_views
from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

# The admin's own login page would bypass the limit of attempts and the second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/logout/", account_views.logout),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", include("syncjobs.pages.urls")),
    path("connections/quickbooks/", include("integrations.quickbooks.connecting.urls")),
    path("admin/", admin.site.urls),
    # Administrators manage e-mail addresses, so allauth's page for one's own is replaced.
    path("accounts/email/", RedirectView.as_view(pattern_name="mfa_index")),
    path("accounts/", include("allauth.urls")),
]

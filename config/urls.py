"""Where requests go."""

from allauth.account import views as account_views
from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

# One way in for everybody: the login page with its limits and its second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/logout/", account_views.logout),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", include("syncjobs.pages.urls")),
    path("connections/quickbooks/", include("integrations.quickbooks.urls")),
    path("admin/", admin.site.urls),
    # E-mail addresses are kept by administrators, so the page to manage one's own gives way.
    path("accounts/email/", RedirectView.as_view(pattern_name="mfa_index")),
    path("accounts/", include("allauth.urls")),
]

"""Where requests go."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", include("syncjobs.pages.urls")),
    path("connections/quickbooks/", include("integrations.quickbooks.urls")),
    path("admin/", admin.site.urls),
]

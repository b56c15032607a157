"""Addresses of the review desk, below /admin/."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_GET

from syncjobs.pages import (
    access,
    desk_changed,
    desk_csv,
    desk_foresight,
    desk_history,
    desk_options,
    desk_page,
    desk_sheet,
    desk_upload,
    desk_write,
)

DESK = "workspaces/<int:pk>/desk"
urlpatterns = [
    path("people/", access.page(desk_page.any_workspace("people")), name="any-people"),
    path("desk/", access.page(desk_page.any_workspace("people")), name="any-desk"),
    path("customers/", access.page(desk_page.any_workspace("projects")), name="any-customers"),
    path("workspaces/<int:pk>/people/", access.page(desk_page.people), name="people"),
    path("workspaces/<int:pk>/clients/", access.page(desk_page.clients), name="clients"),
    path("workspaces/<int:pk>/projects/", access.page(desk_page.projects), name="projects"),
    path("workspaces/<int:pk>/customers/", access.page(desk_page.customers), name="customers"),
    path("workspaces/<int:pk>/changed/", access.page(desk_changed.page), name="changed"),
    path(f"{DESK}/write/", access.page(desk_write.page), name="desk-write"),
    path(f"{DESK}/what-if/", require_GET(access.page(desk_foresight.page)), name="desk-what-if"),
    path(f"{DESK}/options/", require_GET(access.page(desk_options.page)), name="desk-options"),
    path(f"{DESK}/safe/", access.page(desk_sheet.page), name="desk-safe"),
    path(f"{DESK}/safe/count/", require_GET(access.page(desk_sheet.count)), name="desk-safe-count"),
    path(f"{DESK}/history/", access.page(desk_history.page), name="desk-history"),
    path(f"{DESK}/upload/", access.page(desk_upload.page), name="desk-upload"),
    path(f"{DESK}/<slug:tab>.csv", require_GET(access.page(desk_csv.page)), name="desk-csv"),
]

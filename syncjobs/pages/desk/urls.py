"""Addresses of the review desk, below /admin/."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_GET

from integrations.roles import MAP_RIGHT, SEND_RIGHT
from syncjobs.pages import access
from syncjobs.pages.desk import changed_views, create_partner, fragments, history, views
from syncjobs.pages.desk.bulk import bulk_accept, bulk_create, bulk_ignore
from syncjobs.pages.desk.files import export, upload

DESK = "workspaces/<int:pk>/desk"
urlpatterns = [
    path("people/", access.page(views.any_workspace("people")), name="any-people"),
    path("desk/", access.page(views.any_workspace("people")), name="any-desk"),
    path("customers/", access.page(views.any_workspace("projects")), name="any-customers"),
    path("workspaces/<int:pk>/people/", access.page(views.people, post=MAP_RIGHT), name="people"),
    path("workspaces/<int:pk>/clients/", access.page(views.clients, post=MAP_RIGHT), name="clients"),
    path("workspaces/<int:pk>/projects/", access.page(views.projects, post=MAP_RIGHT), name="projects"),
    path("workspaces/<int:pk>/customers/", access.page(views.customers), name="customers"),
    path("workspaces/<int:pk>/changed/", access.page(changed_views.page, post=SEND_RIGHT), name="changed"),
    path(f"{DESK}/write/", access.page(create_partner.page, post=MAP_RIGHT), name="desk-write"),
    path(f"{DESK}/what-if/", require_GET(access.page(fragments.forecast_of_row)), name="desk-what-if"),
    path(f"{DESK}/options/", require_GET(access.page(fragments.options)), name="desk-options"),
    path(f"{DESK}/safe/", access.page(bulk_accept.page, post=MAP_RIGHT), name="desk-safe"),
    path(f"{DESK}/create/", access.page(bulk_create.page, post=MAP_RIGHT), name="desk-create"),
    path(f"{DESK}/create/<uuid:batch>/", require_GET(access.page(bulk_create.created)), name="desk-created"),
    path(f"{DESK}/ignore/", access.page(bulk_ignore.page, post=MAP_RIGHT), name="desk-ignore"),
    path(f"{DESK}/safe/count/", require_GET(access.page(bulk_accept.count)), name="desk-safe-count"),
    path(f"{DESK}/history/", access.page(history.page, post=MAP_RIGHT), name="desk-history"),
    path(f"{DESK}/upload/", access.page(upload.page, post=MAP_RIGHT), name="desk-upload"),
    path(f"{DESK}/to-link.csv", require_GET(access.page(export.template)), name="desk-template"),
    path(f"{DESK}/<slug:tab>.csv", require_GET(access.page(export.page)), name="desk-csv"),
]

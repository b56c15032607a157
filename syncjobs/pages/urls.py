"""Addresses of the admin's own pages, below /admin/."""

from __future__ import annotations

from django.urls import path, register_converter

from syncjobs.pages import (
    access,
    connect_page,
    connect_quickbooks,
    doubts,
    mass_deletion,
    resync,
    rules_page,
    start_runs,
    undo,
)
from syncjobs.pages.desk import urls, views
from syncjobs.pages.entries import actions, downloads

app_name = "hourbridge"


class ButtonConverter:
    """One of the three buttons."""

    regex = "|".join(start_runs.BUTTONS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ButtonConverter, "button")


urlpatterns = [
    *urls.urlpatterns,
    path("rules/", access.page(views.any_workspace("rules")), name="any-rules"),
    path("workspaces/<int:pk>/rules/", access.page(rules_page.rules), name="rules"),
    path("workspaces/<int:pk>/start/<button:what>/", access.button(start_runs.start), name="start"),
    path("entries/<int:pk>/decide/", access.button(actions.decide), name="decide-entry"),
    path("entries/csv/", access.page(downloads.entries), name="entries-csv"),
    path("runs/<int:pk>/csv/", access.page(downloads.run_items), name="run-csv"),
    path("workspaces/<int:pk>/sync-part/", access.button(resync.part), name="sync-part"),
    path("entries/<int:pk>/sync/", access.button(resync.entry), name="sync-entry"),
    path("runs/<int:pk>/again/", access.button(resync.run_again), name="run-again"),
    path("runs/<int:pk>/undo/", access.page(undo.undo_run), name="undo-run"),
    path("workspaces/<int:pk>/doubts/", access.page(doubts.page), name="doubts"),
    path("workspaces/<int:pk>/missing/", access.page(mass_deletion.page), name="missing"),
    path(
        "workspaces/<int:pk>/connect/quickbooks/",
        access.page(connect_quickbooks.connect_quickbooks),
        name="connect-quickbooks",
    ),
    path("connect/clockify/", access.page(connect_page.connect_clockify), name="connect-clockify"),
]

"""Addresses of the admin's own pages, below /admin/."""

from __future__ import annotations

from django.urls import path, register_converter
from django.views.decorators.http import require_POST

from syncjobs.pages import access
from syncjobs.pages.desk import urls, views
from syncjobs.pages.entries import actions, since_sent
from syncjobs.pages.entries import downloads as entry_downloads
from syncjobs.pages.runs import downloads as run_downloads
from syncjobs.pages.runs import mass_deletion, proof, rerun, shrunk_lists, start, uncertain_writes, undo
from syncjobs.pages.setup import archive, clockify, policy, quickbooks
from syncjobs.pages.support import bundle, diagnose

app_name = "hourbridge"


class ButtonConverter:
    """The name of one of the three buttons of a workspace."""

    regex = "|".join(start.BUTTONS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ButtonConverter, "button")


urlpatterns = [
    *urls.urlpatterns,
    path("rules/", access.page(views.any_workspace("rules")), name="any-rules"),
    path("workspaces/<int:pk>/rules/", access.page(policy.rules), name="rules"),
    path("workspaces/<int:pk>/start/<button:what>/", access.button(start.start), name="start"),
    path("entries/<int:pk>/decide/", access.button(actions.decide), name="decide-entry"),
    path("entries/csv/", access.page(entry_downloads.entries), name="entries-csv"),
    path("runs/<int:pk>/csv/", access.page(run_downloads.run_items), name="run-csv"),
    path("workspaces/<int:pk>/sync-part/", access.button(rerun.part), name="sync-part"),
    path("entries/<int:pk>/sync/", access.button(rerun.entry), name="sync-entry"),
    path("runs/<int:pk>/again/", access.button(rerun.run_again), name="run-again"),
    path("runs/<int:pk>/undo/", access.page(undo.undo_run), name="undo-run"),
    # An address that people may have kept does not follow a renaming.
    path("workspaces/<int:pk>/doubts/", access.page(uncertain_writes.page), name="uncertain-writes"),
    path("workspaces/<int:pk>/since-sent/", access.page(since_sent.page), name="since-sent"),
    path("workspaces/<int:pk>/proof/", access.page(proof.page), name="proof"),
    path("workspaces/<int:pk>/missing/", access.page(mass_deletion.page), name="missing"),
    path("workspaces/<int:pk>/list-is-right/", access.button(shrunk_lists.accept), name="list-is-right"),
    path(
        "workspaces/<int:pk>/connect/quickbooks/",
        access.page(quickbooks.connect_quickbooks),
        name="connect-quickbooks",
    ),
    path(
        "workspaces/<int:pk>/archive/quickbooks/",
        access.page(archive.archive),
        name="archive-quickbooks",
    ),
    path("workspaces/<int:pk>/diagnose/", access.question(diagnose.page), name="diagnose"),
    path("workspaces/<int:pk>/support-bundle/", require_POST(access.question(bundle.ask)), name="support-bundle"),
    path("support-bundles/<int:bundle_id>/", require_POST(access.question(bundle.download)), name="bundle-file"),
    path("connect/clockify/", access.page(clockify.connect_clockify), name="connect-clockify"),
]

"""Addresses of the admin's own pages, below /admin/."""

from __future__ import annotations

from django.urls import path, register_converter

from integrations.roles import (
    ACT_RIGHTS,
    ALLOW_PLAN_RIGHT,
    CONNECT_RIGHT,
    MAP_RIGHT,
    SEND_RIGHT,
    SIGN_RIGHT,
    VIEW_RIGHT,
)
from syncjobs.pages import access
from syncjobs.pages.desk import urls, views
from syncjobs.pages.entries import actions, since_sent
from syncjobs.pages.entries import downloads as entry_downloads
from syncjobs.pages.lines import edit
from syncjobs.pages.lines import page as line_rules
from syncjobs.pages.lines import upload as rules_upload
from syncjobs.pages.proof import compare, notes, signing
from syncjobs.pages.proof import page as proof
from syncjobs.pages.runs import downloads as run_downloads
from syncjobs.pages.runs import mass_deletion, rerun, shrunk_lists, start, uncertain_writes, undo
from syncjobs.pages.setup import archive, clockify, policy, quickbooks, schedules
from syncjobs.pages.support import bundle, diagnose, search, sync_log

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
    path(
        "workspaces/<int:pk>/rules/",
        access.page(policy.rules, post=(MAP_RIGHT, SEND_RIGHT, ALLOW_PLAN_RIGHT)),
        name="rules",
    ),
    path("schedules/", access.page(views.any_workspace("schedules")), name="any-schedules"),
    path("workspaces/<int:pk>/schedules/", access.page(schedules.page, post=SEND_RIGHT), name="schedules"),
    path("workspaces/<int:pk>/line-rules/", access.page(line_rules.page), name="line-rules"),
    path("workspaces/<int:pk>/line-rules/csv/", access.page(rules_upload.download), name="line-rules-csv"),
    path(
        "workspaces/<int:pk>/line-rules/upload/",
        access.page(rules_upload.page, post=MAP_RIGHT),
        name="line-rules-upload",
    ),
    path("workspaces/<int:pk>/line-rules/add/", access.page(edit.add, post=MAP_RIGHT), name="line-rule-add"),
    path("workspaces/<int:pk>/line-rules/<int:rule_id>/", access.page(edit.change, post=MAP_RIGHT), name="line-rule"),
    path(
        "workspaces/<int:pk>/line-rules/<int:rule_id>/remove/",
        access.page(edit.remove, post=MAP_RIGHT),
        name="line-rule-remove",
    ),
    path("workspaces/<int:pk>/start/<button:what>/", access.button(start.start, *ACT_RIGHTS), name="start"),
    path("entries/<int:pk>/decide/", access.button(actions.decide, SEND_RIGHT), name="decide-entry"),
    path("entries/csv/", access.page(entry_downloads.entries), name="entries-csv"),
    path("runs/<int:pk>/csv/", access.page(run_downloads.run_items), name="run-csv"),
    path("workspaces/<int:pk>/sync-part/", access.button(rerun.part, SEND_RIGHT), name="sync-part"),
    path("entries/<int:pk>/sync/", access.button(rerun.entry, SEND_RIGHT), name="sync-entry"),
    path("runs/<int:pk>/again/", access.button(rerun.run_again, *ACT_RIGHTS), name="run-again"),
    path("runs/<int:pk>/undo/", access.page(undo.undo_run, post=SEND_RIGHT), name="undo-run"),
    # An address that people may have kept does not follow a renaming.
    path("workspaces/<int:pk>/doubts/", access.page(uncertain_writes.page, post=SEND_RIGHT), name="uncertain-writes"),
    path("workspaces/<int:pk>/since-sent/", access.page(since_sent.page, post=SEND_RIGHT), name="since-sent"),
    path("proof/", access.page(views.any_workspace("proof")), name="any-proof"),
    path("workspaces/<int:pk>/proof/", access.page(proof.page), name="proof"),
    path(
        "workspaces/<int:pk>/proof/compare/",
        access.button(compare.compare, *ACT_RIGHTS, SIGN_RIGHT),
        name="proof-compare",
    ),
    path("workspaces/<int:pk>/proof/note/", access.button(notes.explain, SIGN_RIGHT), name="proof-note"),
    path("workspaces/<int:pk>/proof/sign/", access.button(signing.sign, SIGN_RIGHT), name="proof-sign"),
    path("sign-offs/<int:pk>/", access.page(signing.page), name="sign-off"),
    path("sign-offs/<int:pk>/decide/", access.button(signing.decide, SIGN_RIGHT), name="sign-off-decide"),
    path("sign-offs/<int:pk>/document/", access.page(signing.document), name="sign-off-document"),
    path("workspaces/<int:pk>/missing/", access.page(mass_deletion.page, post=SEND_RIGHT), name="missing"),
    path("workspaces/<int:pk>/list-is-right/", access.button(shrunk_lists.accept, MAP_RIGHT), name="list-is-right"),
    path(
        "workspaces/<int:pk>/connect/quickbooks/",
        access.page(quickbooks.connect_quickbooks, post=CONNECT_RIGHT),
        name="connect-quickbooks",
    ),
    path(
        "workspaces/<int:pk>/archive/quickbooks/",
        access.page(archive.archive, post=CONNECT_RIGHT),
        name="archive-quickbooks",
    ),
    path("workspaces/<int:pk>/diagnose/", access.question(diagnose.page), name="diagnose"),
    path("workspaces/<int:pk>/support-bundle/", access.button(bundle.ask, VIEW_RIGHT), name="support-bundle"),
    path("support-bundles/<int:bundle_id>/", access.button(bundle.download, VIEW_RIGHT), name="bundle-file"),
    path("log/", access.page(views.any_workspace("sync-log")), name="any-sync-log"),
    path("workspaces/<int:pk>/log/", access.page(sync_log.page), name="sync-log"),
    path("find/", access.question(search.page), name="search"),
    path("connect/clockify/", access.page(clockify.connect_clockify, post=CONNECT_RIGHT), name="connect-clockify"),
]

"""The page that creates, reactivates or renames a record: the exact request, the rules' checks, the submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cache
from typing import Any, NotRequired, TypedDict
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from integrations.database import database_now
from integrations.errors import ApiError
from integrations.fields import SecretUnreadable
from integrations.kinds import Kind
from integrations.models import Workspace
from integrations.typed_numbers import whole_number
from mapping.decisions import notes
from mapping.decisions.versions import Version, version_of
from mapping.errors import Refused
from mapping.models import PartnerWrite
from syncjobs.pages import access
from syncjobs.pages.links import desk
from syncjobs.partner_writes import journal, submit
from syncjobs.partner_writes.drafts import (
    CLOCKIFY,
    CREATE,
    QUICKBOOKS,
    REACTIVATE,
    RENAME,
    PartnerDraft,
    Wanted,
    WriteRequest,
)
from syncjobs.partner_writes.rules import Do, Remedy, RuleCheck
from syncjobs.planning.forecast import Forecast

IDENTITY_FIELDS = ("verb", "side", "entity", "kind", "clockify_id", "quickbooks_id")
EDITABLE_FIELDS = ("name", "given_name", "family_name", "parent_id", "client_id")
BOOLEAN_FIELDS = ("billable", "public")
DEFAULTS: Mapping[str, Any] = {field.name: field.default for field in fields(WriteRequest)}
# Far above the vendors' limits, so that the rules, and not this cut, say that a name is too long.
MAX_LENGTH = 2000
SIDE_NAMES = {QUICKBOOKS: "QuickBooks", CLOCKIFY: "Clockify"}
REVERSAL_NOTES = {
    (QUICKBOOKS, CREATE): "What is created stays in QuickBooks: it can be made inactive, not deleted.",
    (QUICKBOOKS, REACTIVATE): "It can be made inactive again in QuickBooks.",
    (CLOCKIFY, CREATE): "It can be archived and deleted in Clockify.",
    (CLOCKIFY, RENAME): "It can be renamed again in Clockify.",
}


@dataclass(frozen=True)
class RemedyLink:
    """One remedy of a failed check: a page to open or, with `partner`, a link to post to the desk."""

    label: str
    href: str
    partner: str = ""


class WriteContext(TypedDict):
    """A requested write: its draft or why there is none, and the write that is on its way for the same record."""

    workspace: Workspace
    zone: str
    write_request: WriteRequest
    back_url: str
    refused: str
    draft: PartnerDraft | None
    write: PartnerWrite | None
    write_state: str
    version: NotRequired[str]


class DraftContext(TypedDict):
    """The sheet of a draft: form fields, checks with their remedies, and the forecast."""

    hidden_fields: Mapping[str, Any]
    lines: Sequence[tuple[str, str]]
    checks: Sequence[tuple[RuleCheck, Sequence[RemedyLink]]]
    has_name: bool
    is_person: bool
    is_project: bool
    given_name: str
    family_name: str
    unblocks: Forecast
    submit_text: str
    reversal_note: str
    side: str
    read_at: datetime | None


def write_request_from(values: QueryDict) -> WriteRequest:
    """Return the write request that a URL or a form describes."""
    identity: dict[str, Any] = {name: values.get(name, "")[:80] for name in IDENTITY_FIELDS}
    # A field that is absent keeps its default; one that is empty was emptied by the person.
    edited: dict[str, Any] = {name: values[name][:MAX_LENGTH] for name in EDITABLE_FIELDS if name in values}
    edited |= {name: values[name] == "1" for name in BOOLEAN_FIELDS if name in values}
    return WriteRequest(**identity, **edited)


def address(workspace_id: int, write_request: WriteRequest, *, back: str = "") -> str:
    """Return the URL of the page that previews this write request."""
    set_fields = {
        name: value
        for name, value in write_request.as_row().items()
        if value not in (None, "") and value != DEFAULTS[name]
    }
    query = {name: ("1" if value else "0") if name in BOOLEAN_FIELDS else value for name, value in set_fields.items()}
    # Fields that were emptied are named too: without them the page would fill in their defaults.
    emptied = {name: "" for name in EDITABLE_FIELDS if getattr(write_request, name) == ""}
    query |= emptied | ({"back": back} if back else {})
    return f"{_page_url(workspace_id)}?{urlencode(query)}"


@cache
def _page_url(workspace_id: int) -> str:
    """Return the page's path, cached because every row of the desk links to it."""
    return reverse("hourbridge:desk-write", args=[workspace_id])


def label_of(write_request: WriteRequest) -> str:
    """Return the label of the button that leads here; its ellipsis says that a preview comes first."""
    if write_request.verb == CREATE:
        kind = {"employee": "employee", "vendor": "vendor"}.get(write_request.entity, "")
        return f"Create {kind}…" if kind else f"Create in {SIDE_NAMES[write_request.side]}…"
    return "Reactivate…" if write_request.verb == REACTIVATE else "Rename…"


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Preview a write; on POST, submit it, or look in the vendor's data for one whose outcome is unknown."""
    workspace = access.workspace_at(pk)
    if request.method != "POST":
        return _show(request, workspace, write_request_from(request.GET))
    write_request = write_request_from(request.POST)
    if not write_request.verb:
        messages.error(request, "Nothing was chosen.")
        return redirect("hourbridge:projects", workspace.pk)
    try:
        write = _submit(request, workspace, write_request)
    except Refused as refusal:
        return _show(request, workspace, write_request, refused=str(refusal))
    except (ApiError, SecretUnreadable) as error:
        return _show(request, workspace, write_request, refused=_error_message(error))
    if write.state != PartnerWrite.State.DONE:
        return _show(request, workspace, write_request, write=write)
    messages.success(request, f"{write.name}: {write.said}")
    return redirect(_back_url(request, workspace, write_request))


def _submit(request: HttpRequest, workspace: Workspace, write_request: WriteRequest) -> PartnerWrite:
    """Carry out the confirmed write, or look for an earlier one. Raises Refused, ApiError or SecretUnreadable."""
    params = request.POST
    earlier_write = whole_number(params.get("look", ""))
    if earlier_write is not None:
        return submit.look_again(workspace, earlier_write)
    note, now = notes.cleaned(params.get("note", "")), database_now()
    # The fingerprint of the draft that was shown: if anything changed since, nothing is written.
    confirmed = params.get("confirmed", "")
    # That of the record's row, as it was when this page was opened.
    version = str(Version.parse(params.get("version", ""))) if write_request.record else ""
    wanted = Wanted(write_request, confirmed, version)
    return submit.carry_out(workspace, wanted, person=request.user, note=note, now=now)


def _error_message(error: Exception) -> str:
    return f"{error.message} {error.fix}".strip() if isinstance(error, ApiError) else str(error)


def _back_url(request: HttpRequest, workspace: Workspace, write_request: WriteRequest) -> str:
    """Return the local URL that the person came from, else that of the record's row on the desk."""
    params = request.POST if request.method == "POST" else request.GET
    back_url = params.get("back", "")
    # Anyone can put a URL there, so one that leaves this site is ignored.
    if back_url.startswith("/") and url_has_allowed_host_and_scheme(back_url, allowed_hosts=None):
        return back_url
    return desk(workspace.pk, write_request.kind, write_request.clockify_id) or reverse(
        "hourbridge:projects", args=[workspace.pk]
    )


def _show(
    request: HttpRequest,
    workspace: Workspace,
    write_request: WriteRequest,
    *,
    refused: str = "",
    write: PartnerWrite | None = None,
) -> HttpResponse:
    back_url = _back_url(request, workspace, write_request)
    draft: PartnerDraft | None = None
    try:
        draft = submit.draft(workspace, write_request)
    except Refused as refusal:
        refused = refused or str(refusal)
    if write is None and workspace.company:
        write = journal.on_its_way(workspace, write_request)
    context: WriteContext = {
        "workspace": workspace,
        "zone": workspace.time_zone,
        "write_request": write_request,
        "back_url": back_url,
        "refused": refused,
        "draft": draft,
        "write": write,
        "write_state": journal.shown_state(write) if write else "",
    }
    if write_request.record and workspace.company:
        context["version"] = version_of(workspace, *write_request.record)
    shown: dict[str, object] = {**context}
    if draft is not None:
        shown |= _draft_context(workspace, draft, back_url)
    title = draft.title if draft else "Nothing to write"
    return access.show(
        request,
        "desk/create_partner.html",
        shown,
        title=title,
        status=422 if refused and request.method == "POST" else 200,
    )


def _draft_context(workspace: Workspace, draft: PartnerDraft, back_url: str) -> DraftContext:
    """Return the context of the sheet: form fields, checks with their remedies, and the forecast."""
    write_request = draft.request
    given_name, family_name = (dict(draft.lines).get(label, "") for label in ("First name", "Last name"))
    hidden_fields = {name: getattr(write_request, name) for name in IDENTITY_FIELDS} | {
        name: getattr(write_request, name)
        for name in ("parent_id", "client_id")
        if getattr(write_request, name) is not None
    }
    editable_labels = {"Name", "First name", "Last name", "Billable", "Public"}
    return {
        "hidden_fields": {name: value for name, value in hidden_fields.items() if value != ""} | {"back": back_url},
        "lines": [line for line in draft.lines if line[0] not in editable_labels],
        "checks": [(check, _remedy_links(workspace, write_request, check, back_url)) for check in draft.checks],
        "has_name": write_request.verb != REACTIVATE,
        "is_person": write_request.verb == CREATE and write_request.entity in {Kind.EMPLOYEE, Kind.VENDOR},
        "is_project": write_request.verb == CREATE and write_request.entity == Kind.PROJECT,
        "given_name": given_name,
        "family_name": family_name,
        "unblocks": submit.unblocks(workspace, draft),
        "submit_text": _submit_text(write_request),
        "reversal_note": REVERSAL_NOTES[write_request.side, write_request.verb],
        "side": SIDE_NAMES[write_request.side],
        "read_at": workspace.company.pulled_at
        if workspace.company and write_request.side == QUICKBOOKS
        else workspace.pulled_at,
    }


def _submit_text(write_request: WriteRequest) -> str:
    will_link = write_request.side == CLOCKIFY or bool(write_request.clockify_id)
    if write_request.verb == CREATE:
        return f"Create in {SIDE_NAMES[write_request.side]}{' and link' if will_link else ''}"
    if write_request.verb == REACTIVATE:
        return f"Reactivate in QuickBooks{' and link' if will_link else ''}"
    return "Rename in Clockify"


def _remedy_links(
    workspace: Workspace, write_request: WriteRequest, check: RuleCheck, back_url: str
) -> list[RemedyLink]:
    return [_remedy_link(workspace, write_request, remedy, back_url) for remedy in check.remedies]


def _remedy_link(workspace: Workspace, write_request: WriteRequest, remedy: Remedy, back_url: str) -> RemedyLink:
    if remedy.do == Do.NAME:
        return RemedyLink(remedy.label, address(workspace.pk, replace(write_request, name=remedy.value), back=back_url))
    kind, _, record_id = remedy.value.partition(":")
    if remedy.do == Do.LINK:
        return RemedyLink(
            remedy.label,
            desk(workspace.pk, write_request.kind, write_request.clockify_id).partition("?")[0],
            remedy.value,
        )
    # After the parent is fixed the person comes back here, since the record itself is still to be written.
    next_url = address(workspace.pk, write_request, back=back_url) if remedy.of_parent else back_url
    if remedy.do == Do.CREATE and kind == Kind.CUSTOMER:
        remedy_request = WriteRequest(CREATE, CLOCKIFY, "client", quickbooks_id=record_id)
    elif remedy.do == Do.CREATE:
        remedy_request = WriteRequest(CREATE, QUICKBOOKS, "customer", kind, record_id)
    elif remedy.of_parent:
        remedy_request = WriteRequest(REACTIVATE, QUICKBOOKS, kind, quickbooks_id=record_id)
    else:
        remedy_request = WriteRequest(
            REACTIVATE, QUICKBOOKS, kind, write_request.kind, write_request.clockify_id, record_id
        )
    return RemedyLink(f"{remedy.label}…", address(workspace.pk, remedy_request, back=next_url))

"""What exactly would be written to QuickBooks or Clockify, every rule with what it found, and the press."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from integrations.errors import ApiError
from integrations.fields import SecretUnreadable
from integrations.models import Workspace
from mapping.errors import Refused
from mapping.models import PartnerWrite
from syncjobs.pages import access
from syncjobs.pages.links import desk
from syncjobs.partner_writes import journal, submit
from syncjobs.partner_writes.drafts import CLOCKIFY, CREATE, QUICKBOOKS, REACTIVATE, RENAME, PartnerDraft, WriteRequest
from syncjobs.partner_writes.rules import Remedy, RuleCheck

NAMED = ("verb", "side", "entity", "kind", "clockify_id", "quickbooks_id")
TYPED = ("name", "given_name", "family_name", "parent_id", "client_id")
YES_OR_NO = ("billable", "public")
DEFAULTS: Mapping[str, Any] = {one.name: one.default for one in fields(WriteRequest)}
MAX_LENGTH = 2000  # of what is typed; the rules say what is too long
SIDES = {QUICKBOOKS: "QuickBooks", CLOCKIFY: "Clockify"}
AFTERWARDS = {
    (QUICKBOOKS, CREATE): "QuickBooks keeps what is created: it can be made inactive, not deleted.",
    (QUICKBOOKS, REACTIVATE): "It can be made inactive again in QuickBooks.",
    (CLOCKIFY, CREATE): "It can be archived and deleted in Clockify.",
    (CLOCKIFY, RENAME): "It can be renamed again in Clockify.",
}


@dataclass(frozen=True)
class WayOut:
    """A way out of a failed check: a page to go to, or a link (`partner`) to be posted to the desk."""

    label: str
    href: str
    partner: str = ""


def write_request_from(values: QueryDict) -> WriteRequest:
    """The wish that an address or a form names."""
    named: dict[str, Any] = {one: values.get(one, "")[:80] for one in NAMED}
    typed: dict[str, Any] = {one: values[one][:MAX_LENGTH] for one in TYPED if one in values}
    typed |= {one: values[one] == "1" for one in YES_OR_NO if one in values}
    return WriteRequest(**named, **typed)


def address(workspace_id: int, write_request: WriteRequest, *, back: str = "") -> str:
    """The page that shows what the wish would write."""
    said = {
        name: value
        for name, value in write_request.as_row().items()
        if value not in (None, "") and value != DEFAULTS[name]
    }
    query = {name: ("1" if value else "0") if name in YES_OR_NO else value for name, value in said.items()}
    typed = {name: "" for name in TYPED if getattr(write_request, name) == ""}
    query |= typed | ({"back": back} if back else {})
    return f"{_page_of(workspace_id)}?{urlencode(query)}"


@cache
def _page_of(workspace_id: int) -> str:
    """Every row of the desk leads there."""
    return reverse("hourbridge:desk-write", args=[workspace_id])


def label_of(write_request: WriteRequest) -> str:
    """What leads here: a button with an ellipsis, since something is written."""
    if write_request.verb == CREATE:
        kind = {"employee": "employee", "vendor": "vendor"}.get(write_request.entity, "")
        return f"Create {kind}…" if kind else f"Create in {SIDES[write_request.side]}…"
    return "Reactivate…" if write_request.verb == REACTIVATE else "Rename in Clockify…"


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Look at what would be written; posted to it: the press, or a look for what became of one."""
    workspace = access.workspace_at(pk)
    if request.method != "POST":
        return _show(request, workspace, write_request_from(request.GET))
    write_request = write_request_from(request.POST)
    if not write_request.verb:
        messages.error(request, "Nothing was chosen.")
        return redirect("hourbridge:projects", workspace.pk)
    try:
        write = _submitted(request, workspace, write_request)
    except Refused as refusal:
        return _show(request, workspace, write_request, refused=str(refusal))
    except (ApiError, SecretUnreadable) as problem:
        return _show(request, workspace, write_request, refused=_words(problem))
    if write.state != PartnerWrite.State.DONE:
        return _show(request, workspace, write_request, write=write)
    messages.success(request, f"{write.name}: {write.said}")
    return redirect(_back(request, workspace, write_request))


def _submitted(request: HttpRequest, workspace: Workspace, write_request: WriteRequest) -> PartnerWrite:
    params = request.POST
    if params.get("look", "").isdigit():
        return submit.look_again(workspace, int(params["look"]))
    note, now = params.get("note", "")[:500], timezone.now()
    confirmed = params.get("confirmed", "")
    return submit.carry_out(workspace, write_request, confirmed=confirmed, person=request.user, note=note, now=now)


def _words(problem: Exception) -> str:
    return f"{problem.message} {problem.fix}".strip() if isinstance(problem, ApiError) else str(problem)


def _back(request: HttpRequest, workspace: Workspace, write_request: WriteRequest) -> str:
    """Where the person came from, on this site; else the row it is about."""
    params = request.POST if request.method == "POST" else request.GET
    back = params.get("back", "")
    if back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return back
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
    back = _back(request, workspace, write_request)
    draft: PartnerDraft | None = None
    try:
        draft = submit.draft(workspace, write_request)
    except Refused as refusal:
        refused = refused or str(refusal)
    context: dict[str, Any] = {
        "workspace": workspace,
        "zone": workspace.time_zone,
        "write_request": write_request,
        "back": back,
        "refused": refused,
        "draft": draft,
        "write": write or (journal.on_its_way(workspace, write_request) if workspace.company else None),
    }
    if draft is not None:
        context |= _shown(workspace, draft, back)
    title = draft.title if draft else "Nothing to write"
    return access.show(
        request,
        "desk/create_partner.html",
        context,
        title=title,
        status=422 if refused and request.method == "POST" else 200,
    )


def _shown(workspace: Workspace, draft: PartnerDraft, back: str) -> dict[str, Any]:
    write_request = draft.request
    given, family = (dict(draft.lines).get(word, "") for word in ("First name", "Last name"))
    hidden = {name: getattr(write_request, name) for name in NAMED} | {
        name: getattr(write_request, name)
        for name in ("parent_id", "client_id")
        if getattr(write_request, name) is not None
    }
    editable = {"Name", "First name", "Last name", "Billable", "Public"}
    return {
        "hidden": {name: value for name, value in hidden.items() if value != ""} | {"back": back},
        "lines": [line for line in draft.lines if line[0] not in editable],
        "checks": [(check, _ways_out(workspace, write_request, check, back)) for check in draft.checks],
        "has_name": write_request.verb != REACTIVATE,
        "is_person": write_request.verb == CREATE and write_request.entity in {"employee", "vendor"},
        "is_project": write_request.verb == CREATE and write_request.entity == "project",
        "given_name": given,
        "family_name": family,
        "unblocks": submit.unblocks(workspace, draft, now=timezone.now()),
        "submit_text": _submit_text(write_request),
        "afterwards": AFTERWARDS[write_request.side, write_request.verb],
        "side": SIDES[write_request.side],
        "read_at": workspace.company.pulled_at
        if workspace.company and write_request.side == QUICKBOOKS
        else workspace.pulled_at,
    }


def _submit_text(write_request: WriteRequest) -> str:
    links = write_request.side == CLOCKIFY or bool(write_request.clockify_id)
    if write_request.verb == CREATE:
        return f"Create in {SIDES[write_request.side]}{' and link' if links else ''}"
    if write_request.verb == REACTIVATE:
        return f"Reactivate in QuickBooks{' and link' if links else ''}"
    return "Rename in Clockify"


def _ways_out(workspace: Workspace, write_request: WriteRequest, check: RuleCheck, back: str) -> list[WayOut]:
    return [
        _way(workspace, write_request, remedy, back, of_parent="Parent" in check.title) for remedy in check.remedies
    ]


def _way(workspace: Workspace, write_request: WriteRequest, remedy: Remedy, back: str, *, of_parent: bool) -> WayOut:
    if remedy.do == "name":
        return WayOut(remedy.label, address(workspace.pk, replace(write_request, name=remedy.value), back=back))
    kind, _, record_id = remedy.value.partition(":")
    if remedy.do == "link":
        return WayOut(
            remedy.label,
            desk(workspace.pk, write_request.kind, write_request.clockify_id).partition("?")[0],
            remedy.value,
        )
    # What mends the parent comes back here, since the record itself is still to be written.
    after = address(workspace.pk, write_request, back=back) if of_parent else back
    if remedy.do == "create":
        other = WriteRequest(CREATE, QUICKBOOKS, "customer", kind, record_id)
    elif of_parent:
        other = WriteRequest(REACTIVATE, QUICKBOOKS, kind, quickbooks_id=record_id)
    else:
        other = WriteRequest(REACTIVATE, QUICKBOOKS, kind, write_request.kind, write_request.clockify_id, record_id)
    return WayOut(f"{remedy.label}…", address(workspace.pk, other, back=after))

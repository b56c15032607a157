"""The page of one entry: Clockify's data, every check, the draft or what was sent, and each attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from integrations.clockify import unknown_zones
from integrations.models import ClockifyUser, Company, TimeEntry, Workspace
from syncjobs.display import badges, sent
from syncjobs.display.formatting import day, duration
from syncjobs.models import Action, EntryStatus, Receipt, RunItem
from syncjobs.pages import access, links
from syncjobs.pages.entries import checks, day_proof, history
from syncjobs.planning import inputs
from syncjobs.planning.inputs import PlanningContext
from syncjobs.rules import draft, reasons, refusals
from syncjobs.rules.eligibility import Resolution

RESOLVED_WHERE = {
    "clockify": "In Clockify",
    "quickbooks": "In QuickBooks",
    "here": "Here",
    "wait": "By waiting",
    "support": "With support",
}
MAX_ATTEMPTS = 20


@dataclass(frozen=True)
class ReasonLine:
    """One reason as text, with the actions that are allowed; `duplicates` are ids of activities to adopt."""

    code: str
    title: str
    sentence: str
    where: str
    fix: str
    by_rule: bool
    decide_link: str = ""
    may_be_set_aside: bool = False
    duplicates: tuple[str, ...] = ()
    may_be_tried_again: bool = False
    alike_link: str = ""


def title(entry: TimeEntry) -> str:
    return f"{entry.user_name or entry.user_id}, {day(entry.txn_date)}"


def page_context(entry: TimeEntry) -> dict[str, Any]:
    """Return the page's template context in a fixed number of queries."""
    workspace = access.workspaces().get(pk=entry.workspace_id)
    status = EntryStatus.objects.filter(entry=entry).first()
    receipts = list(
        Receipt.objects.filter(workspace=workspace, company=workspace.company, entry_id=entry.clockify_id)
        .select_related("run")
        .order_by("part")
    )
    # Part 0 is the entry's own activity; the parts after it are corrections beside it (decision 8).
    receipt = receipts[0] if receipts else None
    actions = list(
        Action.objects.filter(workspace=workspace, entry_id=entry.clockify_id)
        .with_in_flight()
        .select_related("run")
        .order_by("-pk")[:MAX_ATTEMPTS]
    )
    items = RunItem.objects.filter(run__workspace=workspace, entry_id=entry.clockify_id).select_related("run")
    context = inputs.load_context_for(workspace, [entry.clockify_id], entry.txn_date, entry.txn_date)
    override = context.overrides.get(entry.clockify_id)
    owner = ClockifyUser.objects.filter(workspace=workspace, clockify_id=entry.user_id).first()
    on_the_way = next((action for action in actions if action.shown_state == "on_the_way"), None)
    rows = _rows_now(status, on_the_way)
    check_list = _checks(workspace, entry, context, receipt, actions, rows)
    codes = {str(row.get("code")) for row in rows}
    minutes = context.resolve(context.entry(entry)).minutes
    return {
        "entry": entry,
        "workspace": workspace,
        "zone": workspace.time_zone,
        "status": status,
        "badge": _badge(status, codes, on_the_way),
        "minutes": minutes,
        "length": checks.length(entry.seconds),
        "reasons": [_reason_line(workspace, row) for row in rows],
        "checks": check_list,
        "tally": checks.tally(check_list),
        "failing": any(check.code for check in check_list),
        "worth": worth(entry, minutes),
        "receipt": receipt,
        "corrections": receipts[1:],
        "sent": sent.sentence(receipt, zone=workspace.time_zone) if receipt else "",
        "draft": _draft(workspace, entry, context, receipt),
        "actions": actions,
        "items": items.order_by("-pk")[:MAX_ATTEMPTS],
        "override": override,
        "proof": _proof(entry, workspace, owner),
        "history": history.history(
            workspace, entry, status=status, receipt=receipt, actions=actions, override=override
        ),
    }


def _rows_now(status: EntryStatus | None, on_the_way: Action | None) -> list[Mapping[str, Any]]:
    """Return the stored reasons, whose calls may have been answered, or have begun, since the entry was judged."""
    rows = list(status.reasons) if status else []
    if on_the_way is not None:
        tried_at = on_the_way.tried_at or on_the_way.created_at
        at = f"{tried_at:%Y-%m-%d %H:%M} UTC"
        return [{"code": "OUTCOME_UNKNOWN", "at": at, "in_flight": on_the_way.tried_in}]
    return [{name: value for name, value in row.items() if name != "in_flight"} for row in rows]


def _badge(status: EntryStatus | None, codes: set[str], on_the_way: Action | None) -> badges.StatusBadge:
    if on_the_way is not None:
        return badges.ON_THE_WAY
    return badges.of_entry(status.state, held=status.held, codes=codes) if status else badges.UNKNOWN


def worth(entry: TimeEntry, minutes: int) -> str:
    """Return the value of these minutes at the entry's rate, as `270.00 USD`; "" where it has none."""
    if entry.rate is None or minutes <= 0:
        return ""
    return f"{entry.rate * minutes / 60:,.2f} {entry.currency}".strip()


def _proof(entry: TimeEntry, workspace: Workspace, owner: ClockifyUser | None) -> day_proof.Proof:
    return day_proof.proof(
        start_at=entry.start_at,
        end_at=entry.end_at,
        chosen=entry.txn_date,
        owner=entry.user_name or "Its owner",
        owner_zone=owner.time_zone if owner else "",
        unknown_zone=unknown_zones.zone_of(owner) if owner else "",
        workspace_zone=workspace.time_zone,
    )


def explained(row: Mapping[str, Any]) -> dict[str, str]:
    """Return a reason as `explain` prints it; a known refusal of QuickBooks with its meaning and its own fix."""
    explanation = reasons.explain(row)
    refusal = refusals.of_row(row)
    if refusal is None:
        return explanation
    meaning = f" In other words: {refusal.words}" if refusal.words else ""
    return explanation | {
        "message": explanation["message"] + meaning,
        "fix_in": refusal.resolve_in,
        "fix": refusal.fix,
    }


def _reason_line(workspace: Workspace, row: Mapping[str, Any]) -> ReasonLine:
    reason = explained(row)
    code = reason["code"]
    wording = reasons.wording_of(row)
    # The reason stores the ids of the duplicates as one text, separated by commas.
    duplicates = str(row.get("twins", "")) if code == "ALREADY_IN_QUICKBOOKS" else ""
    return ReasonLine(
        code=code,
        title=wording.title if wording else code,
        sentence=reason["message"],
        where=RESOLVED_WHERE.get(reason["fix_in"], reason["fix_in"]),
        fix=reason["fix"],
        by_rule=bool(wording and wording.by_rule),
        decide_link=links.desk(workspace.pk, str(row.get("kind") or ""), str(row.get("id") or "")),
        may_be_tried_again=reasons.is_given_up(row),
        may_be_set_aside=code in reasons.MAY_BE_SET_ASIDE,
        duplicates=tuple(activity_id.strip() for activity_id in duplicates.split(",") if activity_id.strip()),
        alike_link=links.list_of("integrations.timeentry", reason=code, workspace=workspace.pk),
    )


def _checks(
    workspace: Workspace,
    entry: TimeEntry,
    context: PlanningContext,
    receipt: Receipt | None,
    actions: list[Action],
    rows: list[Mapping[str, Any]],
) -> list[checks.Check]:
    if receipt is not None:
        # Sent time is kept whatever fails now; the page shows what an edit would meet.
        rows = [*rows, *(reason.as_row() for reason in context.resolve(context.entry(entry)).reasons)]
    lines = {line.code: line for line in (_reason_line(workspace, row) for row in rows)}
    last_action = actions[0] if actions else None
    answer = f"activity {receipt.quickbooks_id}" if receipt else _attempt_text(last_action)
    known = checks.KnownReasons(frozenset(lines), attempted=bool(actions or receipt), answer=answer)
    return [_with_resolution(check, lines.get(check.code)) for check in checks.checks(workspace, entry, context, known)]


def _with_resolution(check: checks.Check, line: ReasonLine | None) -> checks.Check:
    return replace(check, where=line.where, link=line.decide_link, reason=line.title) if line else check


def _attempt_text(action: Action | None) -> str:
    """Return QuickBooks' error, or the state of an attempt without one; "" where there was no attempt."""
    if action is None:
        return ""
    return f"{action.error_code}: {action.error_message}".strip(": ") or action.get_state_display()


def _draft(
    workspace: Workspace, entry: TimeEntry, context: PlanningContext, receipt: Receipt | None
) -> list[tuple[str, str]]:
    """Return the lines of what was sent, or of what would be sent now; empty while no company is connected."""
    if workspace.company is None:
        return []
    if receipt is not None:
        entry_draft = draft.from_row(receipt.draft)
    else:
        resolution = context.resolve(context.entry(entry))
        if resolution.person is None or resolution.customer is None:
            return _partial_draft_lines(entry, resolution)
        entry_draft = draft.write(
            context.entry(entry),
            person=resolution.person,
            customer=resolution.customer,
            minutes=resolution.minutes,
            txn_date=entry.txn_date,
            service_item=context.policy.service_item,
        )
    return _draft_lines(workspace.company, entry_draft)


def _partial_draft_lines(entry: TimeEntry, resolution: Resolution) -> list[tuple[str, str]]:
    """Return the lines that are known while a partner is missing."""
    missing = "not linked yet, or not active"
    person, customer = resolution.person, resolution.customer
    return [
        ("Who", f"{person.kind} {person.id}, {person.name}" if person else missing),
        ("For whom", f"customer {customer.id}, {customer.name}" if customer else missing),
        ("Day", entry.txn_date.isoformat()),
        ("Time", duration(resolution.minutes)),
        ("Text", entry.description or "none"),
    ]


def _draft_lines(company: Company, entry_draft: draft.Draft) -> list[tuple[str, str]]:
    person, customer = sent.partners(company, entry_draft)
    return [
        ("Who", f"{entry_draft.person_kind} {entry_draft.person_id}, {person}"),
        ("For whom", f"customer {entry_draft.customer_id}, {customer}"),
        ("Day", entry_draft.txn_date),
        ("Time", duration(entry_draft.minutes)),
        ("Rate", f"{entry_draft.rate}, billable"),
        ("Service", entry_draft.item_id or "QuickBooks' default"),
        ("Text", entry_draft.description or "none"),
    ]

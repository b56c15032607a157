"""The page of one entry: Clockify's data, every check, the draft or what was sent, and each attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from integrations.clockify import unknown_zones
from integrations.models import ClockifyUser, Company, TimeEntry, Workspace
from syncjobs import entry_versions, line_rules
from syncjobs.display import badges, named_ids, sent, vendor_links
from syncjobs.display.formatting import day, duration, length, money
from syncjobs.line_rules import LABELS
from syncjobs.models import Action, EntryStatus, Receipt, RunItem
from syncjobs.pages import access, links
from syncjobs.pages.entries import checks, day_proof, duplicates, history, since_sent
from syncjobs.pages.entries.duplicates import Duplicate
from syncjobs.planning import inputs, lines
from syncjobs.planning.forecast import amount
from syncjobs.planning.inputs import PlanningContext
from syncjobs.rules import reasons
from syncjobs.rules.codes import Code
from syncjobs.rules.drafts import draft
from syncjobs.rules.drafts.eligibility import Resolution
from syncjobs.rules.steps import changes
from syncjobs.runs import many_deletions
from syncjobs.support import explain

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
    """One reason as text, with the actions that are allowed; `duplicates` are activities to adopt."""

    code: str
    title: str
    sentence: str
    where: str
    fix: str
    by_rule: bool
    decide_link: str = ""
    decide_label: str = "Decide"
    may_be_set_aside: bool = False
    duplicates: tuple[Duplicate, ...] = ()
    may_be_tried_again: bool = False
    alike_link: str = ""
    form_link: str = ""


def title(entry: TimeEntry) -> str:
    return f"{entry.user_name or 'no name'}, {day(entry.txn_date)}"


def page_context(entry: TimeEntry) -> dict[str, Any]:
    """Return the page's template context in a fixed number of queries."""
    workspace = access.workspaces().get(pk=entry.workspace_id)
    status = EntryStatus.objects.filter(entry=entry).first()
    receipts_of_all = list(
        Receipt.objects.filter(workspace=workspace, entry_id=entry.clockify_id)
        .select_related("run", "company")
        .defer("company__access_token", "company__refresh_token")
        .order_by("part")
    )
    receipts = [row for row in receipts_of_all if row.company_id == workspace.company_id]
    former_receipts = [row for row in receipts_of_all if row.company_id != workspace.company_id]
    # Part 0 is the entry's own activity; the parts after it are corrections beside it (decision 8).
    receipt = receipts[0] if receipts else None
    own_receipt = receipt if receipt is not None and receipt.state == Receipt.State.SENT and not receipt.part else None
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
    keys = {key for action in actions for key in named_ids.keys_of(action.source_snapshot.get("draft"))}
    names = named_ids.rows_of(workspace.company, keys)
    rows = [named_ids.in_reason(row, keys, names) for row in _rows_now(status, on_the_way)]
    # Without a status, before the first check or after archiving, the checks are what our own data says now.
    judged: list[Mapping[str, Any]] = [*rows]
    if status is None:
        judged = [reason.as_row() for reason in context.resolve(context.entry(entry)).reasons]
    # What was tried in another company says nothing about the one that is connected now.
    current_actions = [action for action in actions if action.company_id == workspace.company_id]
    said = {action.pk: named_ids.text(action.error_message, keys, names) for action in actions}
    check_list = _checks(workspace, entry, context, receipt, current_actions, judged, said)
    codes = {str(row.get("code")) for row in rows}
    badge = _badge(status, codes, on_the_way)
    minutes = context.resolve(context.entry(entry)).minutes
    return {
        "entry": entry,
        "workspace": workspace,
        "zone": workspace.time_zone,
        "version": entry_versions.version_from(
            entry, override=override, receipt=receipt, action=actions[0] if actions else None
        ),
        "status": status,
        "badge": badge,
        # A reason beside time that was sent, or waits to be, holds a change back.
        "reason_tone": "held" if badge.tone in {"waiting", "sent"} else badge.tone,
        "minutes": minutes,
        "length": length(entry.seconds),
        "reasons": [_with_duplicates(_reason_line(workspace, row), row, entry, context, workspace) for row in rows],
        "warned": since_sent.warned([(entry, own_receipt)], context, workspace.company)[entry.clockify_id],
        "noted": since_sent.notes(own_receipt),
        "differences": _differences(entry, context, own_receipt, workspace.company),
        "checks": check_list,
        "tally": checks.tally(check_list),
        "failing": any(check.code for check in check_list),
        "worth": worth(entry, minutes),
        "rate": "" if entry.rate is None else money({entry.currency: entry.rate}),
        "receipt": receipt,
        "clockify_url": vendor_links.entry_url(entry),
        "quickbooks_url": vendor_links.id_url(receipt, "quickbooks_id") if receipt else "",
        "corrections": receipts[1:],
        "former_receipts": former_receipts,
        "sent": sent.sentence(receipt, zone=workspace.time_zone) if receipt else "",
        "draft": _draft(workspace, entry, context, receipt),
        "fields": line_rules.explained(workspace, context.policy.line_rules, context.entry(entry)),
        "attempts": [(action, said[action.pk]) for action in actions],
        "items": [
            (item, [named_ids.in_reason(row, keys, names) for row in item.reasons])
            for item in items.order_by("-pk")[:MAX_ATTEMPTS]
        ],
        "override": override,
        "waits": status is not None and _waits_to_be_deleted(entry, status),
        "proof": _proof(entry, workspace, owner),
        "history": history.history(
            workspace, entry, status=status, receipt=receipt, actions=actions, override=override
        ),
    }


def _waits_to_be_deleted(entry: TimeEntry, status: EntryStatus) -> bool:
    """Return True if its deletion in QuickBooks, one of many, waits for review."""
    if status.state != EntryStatus.State.CHANGED:
        return False
    waiting = many_deletions.undecided().filter(run__workspace=entry.workspace_id)
    return waiting.filter(entry_id=entry.clockify_id).exists()


def _rows_now(status: EntryStatus | None, on_the_way: Action | None) -> list[Mapping[str, Any]]:
    """Return the stored reasons, whose calls may have been answered, or have begun, since the entry was judged."""
    rows = list(status.reasons) if status else []
    if on_the_way is not None:
        tried_at = on_the_way.tried_at or on_the_way.created_at
        at = f"{tried_at:%Y-%m-%d %H:%M} UTC"
        return [{"code": Code.OUTCOME_UNKNOWN, "at": at, "in_flight": on_the_way.tried_in}]
    return [{name: value for name, value in row.items() if name != "in_flight"} for row in rows]


def _badge(status: EntryStatus | None, codes: set[str], on_the_way: Action | None) -> badges.StatusBadge:
    if on_the_way is not None:
        return badges.ON_THE_WAY
    return badges.of_entry(status.state, held=status.held, codes=codes) if status else badges.UNKNOWN


def worth(entry: TimeEntry, minutes: int) -> str:
    """Return the value of these minutes at the entry's rate, as `$270.00`; "" where it has none."""
    if entry.rate is None or minutes <= 0 or not entry.billable:
        return ""
    return money({entry.currency: amount(entry.rate, minutes)})


def _proof(entry: TimeEntry, workspace: Workspace, owner: ClockifyUser | None) -> day_proof.Proof:
    return day_proof.proof(
        start_at=entry.start_at,
        end_at=entry.end_at,
        chosen=entry.txn_date,
        owner=entry.user_name or "The person",
        owner_zone=owner.time_zone if owner else "",
        unknown_zone=unknown_zones.zone_of(owner) if owner else "",
        workspace_zone=workspace.time_zone,
    )


def _reason_line(workspace: Workspace, row: Mapping[str, Any]) -> ReasonLine:
    reason = reasons.explain(row)
    code = reason["code"]
    wording = reasons.wording_of(row)
    link, label = links.decision(workspace.pk, row)
    return ReasonLine(
        code=code,
        title=wording.title if wording else code,
        sentence=reason["message"],
        where=RESOLVED_WHERE.get(reason["fix_in"], reason["fix_in"]),
        fix=reason["fix"],
        by_rule=bool(wording and wording.by_rule),
        decide_link=link,
        decide_label=label,
        may_be_tried_again=reasons.is_given_up(row),
        may_be_set_aside=code in reasons.MAY_BE_SET_ASIDE,
        alike_link=links.list_of("integrations.timeentry", reason=code, workspace=workspace.pk),
        form_link=vendor_links.form_link(row),
    )


def _with_duplicates(
    line: ReasonLine, row: Mapping[str, Any], entry: TimeEntry, context: PlanningContext, workspace: Workspace
) -> ReasonLine:
    if line.code != Code.ALREADY_IN_QUICKBOOKS:
        return line
    found = duplicates.of_reason(row, _planned(entry, context), workspace.company)
    return replace(line, duplicates=tuple(found))


def _differences(
    entry: TimeEntry, context: PlanningContext, receipt: Receipt | None, company: Company | None
) -> list[str]:
    """Return where QuickBooks' last answer, or what would be sent today, is unlike what was sent."""
    if receipt is None or not receipt.draft:
        return []
    found = explain.differences_of(context.entry(entry), context, receipt, receipt.answered)
    return sent.difference_sentences(company, found)


def _planned(entry: TimeEntry, context: PlanningContext) -> draft.Draft | None:
    """Return what would be sent of the entry now; None while a partner is missing."""
    values = context.entry(entry)
    return changes.draft_as_linked(values, context.resolve(values))


def _checks(
    workspace: Workspace,
    entry: TimeEntry,
    context: PlanningContext,
    receipt: Receipt | None,
    actions: list[Action],
    rows: list[Mapping[str, Any]],
    said: Mapping[int, str],
) -> list[checks.Check]:
    if receipt is not None:
        # Sent time is kept whatever fails now; the page shows what an edit would meet.
        rows = [*rows, *(reason.as_row() for reason in context.resolve(context.entry(entry)).reasons)]
    lines = {line.code: line for line in (_reason_line(workspace, row) for row in rows)}
    last_action = actions[0] if actions else None
    answer = f"activity {receipt.quickbooks_id}" if receipt else _attempt_text(last_action, said)
    known = checks.KnownReasons(frozenset(lines), attempted=bool(actions or receipt), answer=answer)
    return [_with_resolution(check, lines.get(check.code)) for check in checks.checks(workspace, entry, context, known)]


def _with_resolution(check: checks.Check, line: ReasonLine | None) -> checks.Check:
    return replace(check, where=line.where, link=line.decide_link, reason=line.title) if line else check


def _attempt_text(action: Action | None, said: Mapping[int, str]) -> str:
    """Return QuickBooks' error, or the state of an attempt without one; "" where there was no attempt."""
    if action is None:
        return ""
    return f"{action.error_code}: {said[action.pk]}".strip(": ") or action.get_state_display()


def _draft(
    workspace: Workspace, entry: TimeEntry, context: PlanningContext, receipt: Receipt | None
) -> list[tuple[str, str]]:
    """Return the lines of what was sent, or of what would be sent now; empty while no company is connected."""
    if workspace.company is None:
        return []
    if receipt is not None:
        entry_draft = draft.from_row(receipt.draft)
    else:
        planned = _planned(entry, context)
        if planned is None:
            return _partial_draft_lines(entry, context.resolve(context.entry(entry)))
        entry_draft = planned
    return _draft_lines(workspace.company, entry_draft)


def _partial_draft_lines(entry: TimeEntry, resolution: Resolution) -> list[tuple[str, str]]:
    """Return the lines that are known while a partner is missing."""
    missing = "not linked yet, or not active"
    person, customer = resolution.person, resolution.customer
    return [
        ("Employee or vendor", f"{person.kind} {person.id}, {person.name}" if person else missing),
        ("Customer", f"customer {customer.id}, {customer.name}" if customer else missing),
        ("Day", day(entry.txn_date)),
        ("Time", duration(resolution.minutes)),
        ("Description", entry.description or "none"),
    ]


def _draft_lines(company: Company, entry_draft: draft.Draft) -> list[tuple[str, str]]:
    person, customer = sent.partners(company, entry_draft)
    return [
        ("Employee or vendor", f"{entry_draft.person_kind} {entry_draft.person_id}, {person}"),
        ("Customer", f"customer {entry_draft.customer_id}, {customer}"),
        ("Day", day(date.fromisoformat(entry_draft.txn_date))),
        ("Time", duration(entry_draft.minutes)),
        ("Rate", f"{entry_draft.rate}, billable" if entry_draft.is_billable else "none, not billable"),
        *_line_facts(company, entry_draft),
        ("Description", entry_draft.description or "none"),
    ]


def _line_facts(company: Company, entry_draft: draft.Draft) -> list[tuple[str, str]]:
    """Return the service item, and class and location where there are any, with their names."""
    found = {"item": entry_draft.item_id, "class": entry_draft.class_id, "location": entry_draft.department_id}
    known = {name: lines.names_of(company, name, [key]).get(key, "") for name, key in found.items() if key}
    texts = {name: f"{name} {found[name]}, {text or 'not in our copy'}" for name, text in known.items()}
    return [
        (LABELS[name], texts.get(name) or "QuickBooks' default") for name in found if name in texts or name == "item"
    ]

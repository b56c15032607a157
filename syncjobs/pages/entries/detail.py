"""The page of one entry: Clockify's data, every check, the draft or what was sent, and each attempt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from integrations.clockify import unknown_zones
from integrations.models import ClockifyUser, Company, TimeEntry, Workspace
from integrations.unnamed import named
from syncjobs import entry_versions, line_rules
from syncjobs.display import badges, named_ids, sent, vendor_links
from syncjobs.display.formatting import day, hourly_rate, length, money
from syncjobs.models import Action, EntryOverride, EntryStatus, Receipt, RunItem
from syncjobs.pages import access, links
from syncjobs.pages.entries import checks, day_proof, draft_lines, duplicates, history, since_sent
from syncjobs.pages.entries.contexts import ChecksContext, EntryContext, ReasonLine, SentContext, TimeContext
from syncjobs.planning.context import PlanningContext, load_context_for
from syncjobs.planning.forecast import amount
from syncjobs.rules import reasons
from syncjobs.rules.codes import Code
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


def title(entry: TimeEntry) -> str:
    return f"{named(entry.user_name)}, {day(entry.txn_date)}"


@dataclass(frozen=True)
class _Records:
    """Rows about one entry. `receipts`: of the company that is connected now; `former_receipts`: of others."""

    entry: TimeEntry
    workspace: Workspace
    status: EntryStatus | None
    receipts: list[Receipt]
    former_receipts: list[Receipt]
    actions: list[Action]
    items: list[RunItem]
    owner: ClockifyUser | None
    planning: PlanningContext

    @property
    def receipt(self) -> Receipt | None:
        """Of the entry's own activity, which is part 0, or of the first correction beside it (decision 8)."""
        return self.receipts[0] if self.receipts else None

    @property
    def own_receipt(self) -> Receipt | None:
        receipt = self.receipt
        return receipt if receipt is not None and receipt.state == Receipt.State.SENT and not receipt.part else None

    @property
    def override(self) -> EntryOverride | None:
        return self.planning.overrides.get(self.entry.clockify_id)

    @property
    def on_the_way(self) -> Action | None:
        return next((action for action in self.actions if action.shown_state == "on_the_way"), None)


def page_context(entry: TimeEntry) -> EntryContext:
    """Return the page's template context in a fixed number of queries."""
    records = _records(entry)
    workspace, status, receipt = records.workspace, records.status, records.receipt
    keys = {key for action in records.actions for key in named_ids.keys_of(action.source_snapshot.get("draft"))}
    names = named_ids.rows_of(workspace.company, keys)
    rows = [named_ids.in_reason(row, keys, names) for row in _rows_now(status, records.on_the_way)]
    said = {action.pk: named_ids.text(action.error_message, keys, names) for action in records.actions}
    badge = _badge(status, {str(row.get("code")) for row in rows}, records.on_the_way)
    return {
        "entry": entry,
        "workspace": workspace,
        "zone": workspace.time_zone,
        "version": entry_versions.version_from(
            entry,
            override=records.override,
            receipt=receipt,
            action=records.actions[0] if records.actions else None,
        ),
        "status": status,
        "badge": badge,
        # A reason beside time that was sent, or waits to be, holds a change back.
        "reason_tone": "held" if badge.tone in {"waiting", "sent"} else badge.tone,
        "reasons": [
            _with_duplicates(_reason_line(workspace, row), row, entry, records.planning, workspace) for row in rows
        ],
        "override": records.override,
        "waits": status is not None and _waits_to_be_deleted(entry, status),
        "proof": _proof(entry, workspace, records.owner),
        **_time_context(records),
        **_checks_context(records, rows, said),
        **_sent_context(records),
        "attempts": [(action, said[action.pk]) for action in records.actions],
        "items": [(item, [named_ids.in_reason(row, keys, names) for row in item.reasons]) for item in records.items],
        "history": history.history(
            workspace, entry, status=status, receipt=receipt, actions=records.actions, override=records.override
        ),
    }


def _records(entry: TimeEntry) -> _Records:
    workspace = access.workspaces().get(pk=entry.workspace_id)
    receipts = list(
        Receipt.objects.filter(workspace=workspace, entry_id=entry.clockify_id)
        .select_related("run", "company")
        .defer("company__access_token", "company__refresh_token")
        .order_by("part")
    )
    actions = Action.objects.filter(workspace=workspace, entry_id=entry.clockify_id).with_in_flight()
    items = RunItem.objects.filter(run__workspace=workspace, entry_id=entry.clockify_id)
    return _Records(
        entry=entry,
        workspace=workspace,
        status=EntryStatus.objects.filter(entry=entry).first(),
        receipts=[row for row in receipts if row.company_id == workspace.company_id],
        former_receipts=[row for row in receipts if row.company_id != workspace.company_id],
        actions=list(actions.select_related("run").order_by("-pk")[:MAX_ATTEMPTS]),
        items=list(items.select_related("run").order_by("-pk")[:MAX_ATTEMPTS]),
        owner=ClockifyUser.objects.filter(workspace=workspace, clockify_id=entry.user_id).first(),
        planning=load_context_for(workspace, [entry.clockify_id], entry.txn_date, entry.txn_date),
    )


def _time_context(records: _Records) -> TimeContext:
    """Return how long the entry is, and what it is worth."""
    entry, planning = records.entry, records.planning
    minutes = planning.resolve(planning.entry(entry)).minutes
    return {
        "minutes": minutes,
        "length": length(entry.seconds),
        "worth": worth(entry, minutes),
        "rate": "" if entry.rate is None else hourly_rate(entry.rate, entry.currency),
    }


def _checks_context(records: _Records, rows: Sequence[Mapping[str, Any]], said: Mapping[int, str]) -> ChecksContext:
    """Return every check of the entry, from the reasons that hold it back now."""
    entry, workspace, planning = records.entry, records.workspace, records.planning
    # Without a status, before the first check or after archiving, the checks are what our own data says now.
    stored_reasons: list[Mapping[str, Any]] = [*rows]
    if records.status is None:
        stored_reasons = [reason.as_row() for reason in planning.resolve(planning.entry(entry)).reasons]
    # What was tried in another company says nothing about the one that is connected now.
    current_actions = [action for action in records.actions if action.company_id == workspace.company_id]
    found = _checks(records, current_actions, stored_reasons, said)
    return {"checks": found, "tally": checks.tally(found), "failing": any(check.code for check in found)}


def _sent_context(records: _Records) -> SentContext:
    """Return what was sent of the entry, what is unlike it now, and what would be sent."""
    entry, workspace, planning = records.entry, records.workspace, records.planning
    receipt, own_receipt = records.receipt, records.own_receipt
    return {
        "receipt": receipt,
        "corrections": records.receipts[1:],
        "former_receipts": records.former_receipts,
        "sent": sent.sentence(receipt, zone=workspace.time_zone) if receipt else "",
        "clockify_url": vendor_links.entry_url(entry),
        "quickbooks_url": vendor_links.id_url(receipt, "quickbooks_id") if receipt else "",
        "warned": since_sent.warned([(entry, own_receipt)], planning, workspace.company)[entry.clockify_id],
        "noted": since_sent.notes(own_receipt),
        "differences": _differences(entry, planning, own_receipt, workspace.company),
        "draft": draft_lines.lines(workspace, entry, planning, receipt),
        "fields": line_rules.explained(workspace, planning.policy.line_rules, planning.entry(entry)),
    }


def _waits_to_be_deleted(entry: TimeEntry, status: EntryStatus) -> bool:
    """Return True if its deletion in QuickBooks, one of many, waits for review."""
    if status.state != EntryStatus.State.CHANGED:
        return False
    waiting = many_deletions.undecided().filter(run__workspace=entry.workspace_id)
    return waiting.filter(entry_id=entry.clockify_id).exists()


def _rows_now(status: EntryStatus | None, on_the_way: Action | None) -> list[Mapping[str, Any]]:
    """Return the stored reasons, whose calls may have been answered, or have begun, since the entry was evaluated."""
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
        owner=named(entry.user_name),
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
        form_link=vendor_links.form_link(row, workspace.company),
    )


def _with_duplicates(
    line: ReasonLine, row: Mapping[str, Any], entry: TimeEntry, context: PlanningContext, workspace: Workspace
) -> ReasonLine:
    if line.code != Code.ALREADY_IN_QUICKBOOKS:
        return line
    found = duplicates.of_reason(row, draft_lines.planned(entry, context), workspace.company)
    return replace(line, duplicates=tuple(found))


def _differences(
    entry: TimeEntry, context: PlanningContext, receipt: Receipt | None, company: Company | None
) -> list[str]:
    """Return where QuickBooks' last answer, or what would be sent today, is unlike what was sent."""
    if receipt is None or not receipt.draft:
        return []
    found = explain.differences_of(context.entry(entry), context, receipt, receipt.answered)
    return sent.difference_sentences(company, found)


def _checks(
    records: _Records, actions: list[Action], rows: list[Mapping[str, Any]], said: Mapping[int, str]
) -> list[checks.Check]:
    workspace, entry, context, receipt = records.workspace, records.entry, records.planning, records.receipt
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

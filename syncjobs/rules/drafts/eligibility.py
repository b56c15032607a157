"""Eligibility: the QuickBooks partners of an entry by links and policy, or every reason why it can't go. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from integrations.unnamed import named
from syncjobs.rules import rounding
from syncjobs.rules.closed_periods import NONE_CLOSED, ClosedPeriods, SignedPeriod
from syncjobs.rules.codes import Code
from syncjobs.rules.drafts import line_rules
from syncjobs.rules.drafts.entry import Entry as Entry
from syncjobs.rules.drafts.line_rules import Choice, Line, LineRules
from syncjobs.rules.reasons import MAY_BE_SET_ASIDE, Reason
from syncjobs.rules.rounding import TO_THE_MINUTE, Rounding


@dataclass(frozen=True, slots=True)
class Partner:
    kind: str  # employee, vendor or customer
    id: str
    name: str
    currency: str = ""


@dataclass(frozen=True, slots=True)
class ResolvedPartner:
    """The partner of one Clockify record, with the code that suspends the link, if any, and people's decisions."""

    partner: Partner | None = None
    suspended: str = ""
    by_person: bool = False
    ignored: bool = False

    @property
    def works(self) -> bool:
        return self.partner is not None and not self.suspended


@dataclass(frozen=True, slots=True)
class Broken:
    """An item, class or location on which nothing can be booked; `how` goes on from its name."""

    name: str
    how: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A workspace's rules for sending. Entries dated on or before `book_close_date` are blocked."""

    rounding: Rounding = TO_THE_MINUTE
    longest_seconds: int = 24 * 3600
    approved_only: bool = False
    block_invoiced: bool = True
    send_nonbillable: bool = False
    send_cost_rate: bool = False
    # Of the company's books; "" where it is not known.
    home_currency: str = ""
    book_close_date: date | None = None
    # Signed periods, where these are kept as they are.
    signed: tuple[SignedPeriod, ...] = ()
    line_rules: LineRules = field(default_factory=LineRules)
    # Items, classes and locations of the rules that nothing can be booked on, by kind and id.
    broken: Mapping[tuple[str, str], Broken] = field(default_factory=dict)
    # Of users, by Clockify id; "" is the workspace's own.
    zones: Mapping[str, str] = field(default_factory=dict)
    # NOT_CONNECTED, PLAN_NOT_SUPPORTED or PAYROLL_ENABLED, where they block every entry.
    whole_connection: tuple[Reason, ...] = ()

    @property
    def closed(self) -> ClosedPeriods:
        return ClosedPeriods(self.book_close_date, self.signed)


@dataclass(frozen=True)
class MappingTable:
    """Resolved partners by Clockify id. A record that is missing has no link."""

    users: Mapping[str, ResolvedPartner] = field(default_factory=dict)
    clients: Mapping[str, ResolvedPartner] = field(default_factory=dict)
    projects: Mapping[str, ResolvedPartner] = field(default_factory=dict)
    # What is wrong with records that could not be read, by kind and id.
    unreadable: Mapping[tuple[str, str], str] = field(default_factory=dict)
    # Why Clockify's records have no working partner, as a sentence, by kind and id.
    mismatches: Mapping[tuple[str, str], str] = field(default_factory=dict)
    # Links that were given back, for the time that was sent through them (`rules.steps.former_links`).
    former: MappingTable | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """Minutes after rounding, partners as far as linked, what line rules give, and every reason against sending.

    `closed` is for the plan, which compares it with the day that was sent: the entry may have moved since.
    """

    minutes: int
    person: Partner | None
    customer: Partner | None
    reasons: tuple[Reason, ...]
    closed: ClosedPeriods = NONE_CLOSED
    line: Line = line_rules.NO_LINE
    # What an hour costs, 0 where that is not known; None where the policy sends none.
    cost_rate: Decimal | None = None

    @property
    def codes(self) -> set[str]:
        return {reason.code for reason in self.reasons}

    @property
    def may_go(self) -> bool:
        return not self.reasons


UNLINKED = ResolvedPartner()
TYPE_TEXTS = {"BREAK": "a break", "HOLIDAY": "a holiday", "TIME_OFF": "time off"}


def resolve(entry: Entry, mapping_table: MappingTable, policy: Policy) -> Resolution:
    """Return partners, minutes and all reasons that apply, without those that a person set aside.

    The order of the reasons is that of display: the work itself, person and customer, ignored records, the books.
    """
    user = mapping_table.users.get(entry.user_id, UNLINKED)
    client = mapping_table.clients.get(entry.client_id, UNLINKED) if entry.client_id else None
    project = mapping_table.projects.get(entry.project_id, UNLINKED)
    minutes = rounding.minutes(entry.seconds or 0, policy.rounding)
    line = policy.line_rules.line(entry)
    reasons = [
        *_work_reasons(entry, minutes, policy),
        *_person_reasons(entry, user, mapping_table.mismatches),
        *(_customer_reasons(entry, client, project, mapping_table.mismatches) if entry.project_id else ()),
        *_unreadable_reasons(entry, mapping_table, user.partner, project.partner, line),
        *_ignored_reasons(entry, user, client, project),
        *_books_reasons(entry, project, policy),
        *_line_reasons(line, policy.broken),
        *policy.whole_connection,
    ]
    effective = tuple(reason for reason in reasons if reason.code not in (entry.set_aside & MAY_BE_SET_ASIDE))
    cost_rate = _cost_rate(entry, policy) if policy.send_cost_rate else None
    return Resolution(minutes, user.partner, project.partner, effective, policy.closed, line, cost_rate)


def _cost_rate(entry: Entry, policy: Policy) -> Decimal:
    """Return the entry's cost rate; 0 without one, and in another currency than that of the company's books."""
    is_foreign = entry.currency and policy.home_currency and entry.currency != policy.home_currency
    return Decimal(0) if is_foreign or entry.cost_rate is None else entry.cost_rate


def _work_reasons(entry: Entry, minutes: int, policy: Policy) -> list[Reason]:
    reasons = []
    if entry.seconds is None:
        reasons.append(Reason(Code.NOT_FINISHED, {"started": f"{entry.start_at:%Y-%m-%d %H:%M} UTC"}))
    if entry.type != "REGULAR":
        reasons.append(Reason(Code.NOT_WORK_TIME, {"type": TYPE_TEXTS.get(entry.type, entry.type)}))
    if not entry.billable and not policy.send_nonbillable:
        reasons.append(Reason(Code.NOT_BILLABLE))
    if not entry.project_id:
        reasons.append(Reason(Code.NO_PROJECT))
    if entry.seconds is not None and minutes < 1:
        reasons.append(Reason(Code.TOO_SHORT, {"seconds": entry.seconds}))
    if entry.seconds is not None and entry.seconds > policy.longest_seconds:
        hours, limit = _as_hours(entry.seconds), _as_hours(policy.longest_seconds)
        reasons.append(Reason(Code.TOO_LONG, {"hours": hours, "limit": limit}))
    if policy.approved_only and entry.approved is not True:
        reasons.append(Reason(Code.NOT_APPROVED))
    if policy.block_invoiced and entry.invoiced:
        reasons.append(Reason(Code.INVOICED_IN_CLOCKIFY))
    return reasons


def _unlinked(code: str, kind: str, clockify_id: str, name: str, mismatches: Mapping[tuple[str, str], str]) -> Reason:
    """Return the reason of an entry whose user, client or project is not linked, with what its mismatch says."""
    facts = {kind: name or f"{kind.capitalize()} {clockify_id}", "kind": kind, "id": clockify_id}
    mismatch = mismatches.get((kind, clockify_id))
    return Reason(code, facts | ({"mismatch": mismatch} if mismatch else {}))


def _person_reasons(entry: Entry, user: ResolvedPartner, mismatches: Mapping[tuple[str, str], str]) -> list[Reason]:
    if user.works:
        return []
    if user.partner and user.suspended == Code.EMPLOYEE_INACTIVE:
        return [Reason(Code.EMPLOYEE_INACTIVE, {"name": user.partner.name, "kind": "user", "id": entry.user_id})]
    return [_unlinked(Code.USER_NOT_MAPPED, "user", entry.user_id, entry.user_name, mismatches)]


def _customer_reasons(
    entry: Entry,
    client: ResolvedPartner | None,
    project: ResolvedPartner,
    mismatches: Mapping[tuple[str, str], str],
) -> list[Reason]:
    """Return the reasons of client and project. A project linked by a person does not need its client's link."""
    # Matching looks for a project below its client's customer; one linked by a person stands by itself.
    needs_client = client is not None and not (project.works and project.by_person)
    reasons = []
    client_missing = False
    if needs_client and client is not None and not client.works:
        if client.partner and client.suspended == Code.CUSTOMER_INACTIVE:
            facts = {"name": client.partner.name, "kind": "client", "id": entry.client_id}
            reasons.append(Reason(Code.CUSTOMER_INACTIVE, facts))
        else:
            client_missing = True
            reasons.append(_unlinked(Code.CLIENT_NOT_MAPPED, "client", entry.client_id, entry.client_name, mismatches))
    inactive = project.partner if project.suspended == Code.CUSTOMER_INACTIVE else None
    if inactive and not any(reason.code == Code.CUSTOMER_INACTIVE for reason in reasons):
        facts = {"name": inactive.name, "kind": "project", "id": entry.project_id}
        reasons.append(Reason(Code.CUSTOMER_INACTIVE, facts))
    if client_missing or not (project.works or inactive):
        reasons.append(_unlinked(Code.PROJECT_NOT_MAPPED, "project", entry.project_id, entry.project_name, mismatches))
    return reasons


UNREADABLE_TEXTS = {
    "entry": "The time entry",
    "user": "The user",
    "client": "The client",
    "project": "The project",
    "employee": "The employee",
    "vendor": "The vendor",
    "customer": "The customer",
    "item": "The service item",
    "class": "The class",
    "department": "The location",
}


def _unreadable_reasons(
    entry: Entry, mapping_table: MappingTable, person: Partner | None, customer: Partner | None, line: Line
) -> list[Reason]:
    """Return a reason for the entry's own row and for each record it hangs on that could not be read."""
    if not mapping_table.unreadable:
        return []
    keys = [("entry", entry.id), ("user", entry.user_id), ("client", entry.client_id), ("project", entry.project_id)]
    keys += [(partner.kind, partner.id) for partner in (person, customer) if partner is not None]
    keys += [(kind, line.value(name)) for name, kind in line_rules.REFERENCES.items()]
    problems = [(key, mapping_table.unreadable[key]) for key in keys if key in mapping_table.unreadable]
    return [unreadable_reason(kind, problem) for (kind, _), problem in problems]


def unreadable_reason(kind: str, problem: str) -> Reason:
    """Return the reason of an entry that hangs on a record of this kind that could not be read."""
    return Reason(Code.UNREADABLE, {"record": kind, "what": UNREADABLE_TEXTS.get(kind, "A record"), "problem": problem})


def _line_reasons(line: Line, broken: Mapping[tuple[str, str], Broken]) -> list[Reason]:
    """Return a reason for each item, class and location that the entry would get and nothing can be booked on."""
    if not broken:
        return []
    chosen = [(kind, line.choices.get(name, line_rules.NOTHING)) for name, kind in line_rules.REFERENCES.items()]
    found = [(kind, choice, broken.get((kind, choice.value))) for kind, choice in chosen]
    return [broken_reason(kind, known, choice) for kind, choice, known in found if known is not None]


def broken_reason(kind: str, broken: Broken, choice: Choice = line_rules.NOTHING, *, answered: bool = False) -> Reason:
    """Return the reason of time that would go with an item, class or location on which QuickBooks books nothing.

    `choice`: what gave it. `answered`: known from QuickBooks' answer alone, not from the rules and the mirror.
    """
    by_rule = f", which {choice.by} gives," if choice.rule_id is not None else ""
    facts: dict[str, object] = {"what": f"{UNREADABLE_TEXTS[kind]} {broken.name}{by_rule}", "how": broken.how}
    if choice.rule_id is not None:
        facts["rule"] = choice.rule_id
    elif choice.value:
        facts["default"] = next(line_rules.SETTINGS[name] for name, of in line_rules.REFERENCES.items() if of == kind)
    return Reason(Code.LINE_RULE_BROKEN, {**facts, "answered": True} if answered else facts)


def _ignored_reasons(
    entry: Entry, user: ResolvedPartner, client: ResolvedPartner | None, project: ResolvedPartner
) -> list[Reason]:
    ignored_names = []
    if entry.ignored:
        ignored_names.append("This entry")
    if user.ignored:
        ignored_names.append(named(entry.user_name))
    if client is not None and client.ignored:
        ignored_names.append(named(entry.client_name, "client"))
    if entry.project_id and project.ignored:
        ignored_names.append(named(entry.project_name, "project"))
    return [Reason(Code.IGNORED, {"what": ", ".join(ignored_names)})] if ignored_names else []


def _books_reasons(entry: Entry, project: ResolvedPartner, policy: Policy) -> list[Reason]:
    reasons = [*policy.closed.reasons(entry.txn_date)]
    quickbooks_currency = project.partner.currency if project.works and project.partner else ""
    if entry.currency and quickbooks_currency and entry.currency != quickbooks_currency and project.partner:
        facts = {"ours": entry.currency, "theirs": quickbooks_currency, "customer": project.partner.name}
        reasons.append(Reason(Code.CURRENCY_DIFFERS, facts))
    return reasons


def _as_hours(seconds: int) -> str:
    return f"{seconds / 3600:.2f}".rstrip("0").rstrip(".")

"""Entry, links and policy in; QuickBooks partners out, or every reason why not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from syncjobs.rules import rounding
from syncjobs.rules.reasons import MAY_BE_SET_ASIDE, Reason
from syncjobs.rules.rounding import TO_THE_MINUTE, Rounding


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one time entry. Times are UTC, `seconds` exact (None while it runs)."""

    id: str
    user_id: str
    user_name: str
    project_id: str
    project_name: str
    client_id: str
    client_name: str
    start_at: datetime
    seconds: int | None
    txn_date: date
    billable: bool
    type: str
    description: str
    rate: Decimal | None
    currency: str
    invoiced: bool
    approved: bool | None
    content_hash: str
    ignored: bool = False
    set_aside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Partner:
    kind: str  # employee, vendor or customer
    id: str
    name: str
    currency: str = ""


@dataclass(frozen=True, slots=True)
class ResolvedPartner:
    """How one Clockify record stands: its partner, what suspends the link, who made it, whether it is ignored."""

    partner: Partner | None = None
    suspended: str = ""
    by_person: bool = False
    ignored: bool = False

    @property
    def works(self) -> bool:
        return self.partner is not None and not self.suspended


@dataclass(frozen=True, slots=True)
class Policy:
    rounding: Rounding = TO_THE_MINUTE
    longest_seconds: int = 24 * 3600
    approved_only: bool = False
    block_invoiced: bool = True
    book_close_date: date | None = None
    service_item: str = ""
    # NOT_CONNECTED, PLAN_NOT_SUPPORTED or PAYROLL_ENABLED, when one of them holds everything back.
    whole_connection: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class MappingTable:
    """Standings by Clockify id. Who is missing has no link."""

    users: Mapping[str, ResolvedPartner] = field(default_factory=dict)
    clients: Mapping[str, ResolvedPartner] = field(default_factory=dict)
    projects: Mapping[str, ResolvedPartner] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resolution:
    """Both partners when nothing speaks against sending, else every reason.

    `book_close_date`: the plan asks again, since what was sent may lie on another day than the entry does now.
    """

    minutes: int
    person: Partner | None
    customer: Partner | None
    reasons: tuple[Reason, ...]
    book_close_date: date | None = None

    @property
    def codes(self) -> set[str]:
        return {reason.code for reason in self.reasons}

    @property
    def may_go(self) -> bool:
        return not self.reasons


NOBODY = ResolvedPartner()
TYPE_WORDS = {"BREAK": "a break", "HOLIDAY": "a holiday", "TIME_OFF": "time off"}


def resolve(entry: Entry, mapping_table: MappingTable, policy: Policy) -> Resolution:
    """All reasons that apply, in the order a person would ask: the work itself, people and customers, the books."""
    user = mapping_table.users.get(entry.user_id, NOBODY)
    client = mapping_table.clients.get(entry.client_id, NOBODY) if entry.client_id else None
    project = mapping_table.projects.get(entry.project_id, NOBODY)
    minutes = rounding.minutes(entry.seconds or 0, policy.rounding)
    reasons = [
        *_about_work(entry, minutes, policy),
        *_about_person(entry, user),
        *(_about_customer(entry, client, project) if entry.project_id else ()),
        *_about_decisions(entry, user, client, project),
        *_about_books(entry, project, policy),
        *policy.whole_connection,
    ]
    kept = tuple(reason for reason in reasons if reason.code not in (entry.set_aside & MAY_BE_SET_ASIDE))
    return Resolution(minutes, user.partner, project.partner, kept, policy.book_close_date)


def _about_work(entry: Entry, minutes: int, policy: Policy) -> list[Reason]:
    found = []
    if entry.seconds is None:
        found.append(Reason("NOT_FINISHED", {"started": f"{entry.start_at:%Y-%m-%d %H:%M} UTC"}))
    if entry.type != "REGULAR":
        found.append(Reason("NOT_WORK_TIME", {"type": TYPE_WORDS.get(entry.type, entry.type)}))
    if not entry.billable:
        found.append(Reason("NOT_BILLABLE"))
    if not entry.project_id:
        found.append(Reason("NO_PROJECT"))
    if entry.seconds is not None and minutes < 1:
        found.append(Reason("TOO_SHORT", {"seconds": entry.seconds}))
    if entry.seconds is not None and entry.seconds > policy.longest_seconds:
        lasts, limit = _as_hours(entry.seconds), _as_hours(policy.longest_seconds)
        found.append(Reason("TOO_LONG", {"hours": lasts, "limit": limit}))
    if policy.approved_only and entry.approved is not True:
        found.append(Reason("NOT_APPROVED"))
    if policy.block_invoiced and entry.invoiced:
        found.append(Reason("INVOICED_IN_CLOCKIFY"))
    return found


def _about_person(entry: Entry, user: ResolvedPartner) -> list[Reason]:
    if user.works:
        return []
    who = entry.user_name or f"User {entry.user_id}"
    if user.partner and user.suspended == "EMPLOYEE_INACTIVE":
        return [Reason("EMPLOYEE_INACTIVE", {"name": user.partner.name, "kind": "user", "id": entry.user_id})]
    return [Reason("USER_NOT_MAPPED", {"user": who, "kind": "user", "id": entry.user_id})]


def _about_customer(entry: Entry, client: ResolvedPartner | None, project: ResolvedPartner) -> list[Reason]:
    """A project linked by hand does not need its client; otherwise the client's link has to work as well."""
    needs_client = client is not None and not (project.works and project.by_person)
    found = []
    client_missing = False
    if needs_client and client is not None and not client.works:
        if client.partner and client.suspended == "CUSTOMER_INACTIVE":
            facts = {"name": client.partner.name, "kind": "client", "id": entry.client_id}
            found.append(Reason("CUSTOMER_INACTIVE", facts))
        else:
            client_missing = True
            name = entry.client_name or f"Client {entry.client_id}"
            found.append(Reason("CLIENT_NOT_MAPPED", {"client": name, "kind": "client", "id": entry.client_id}))
    inactive = project.partner if project.suspended == "CUSTOMER_INACTIVE" else None
    if inactive and not any(reason.code == "CUSTOMER_INACTIVE" for reason in found):
        facts = {"name": inactive.name, "kind": "project", "id": entry.project_id}
        found.append(Reason("CUSTOMER_INACTIVE", facts))
    if client_missing or not (project.works or inactive):
        name = entry.project_name or f"Project {entry.project_id}"
        found.append(Reason("PROJECT_NOT_MAPPED", {"project": name, "kind": "project", "id": entry.project_id}))
    return found


def _about_decisions(
    entry: Entry, user: ResolvedPartner, client: ResolvedPartner | None, project: ResolvedPartner
) -> list[Reason]:
    ignored = []
    if entry.ignored:
        ignored.append("This entry")
    if user.ignored:
        ignored.append(entry.user_name or "Its user")
    if client is not None and client.ignored:
        ignored.append(entry.client_name or "Its client")
    if entry.project_id and project.ignored:
        ignored.append(entry.project_name or "Its project")
    return [Reason("IGNORED", {"what": ", ".join(ignored)})] if ignored else []


def _about_books(entry: Entry, project: ResolvedPartner, policy: Policy) -> list[Reason]:
    found = []
    if policy.book_close_date and entry.txn_date <= policy.book_close_date:
        facts = {"closed": policy.book_close_date.isoformat(), "day": entry.txn_date.isoformat()}
        found.append(Reason("BOOKS_CLOSED", facts))
    theirs = project.partner.currency if project.works and project.partner else ""
    if entry.currency and theirs and entry.currency != theirs and project.partner:
        facts = {"ours": entry.currency, "theirs": theirs, "customer": project.partner.name}
        found.append(Reason("CURRENCY_DIFFERS", facts))
    return found


def _as_hours(seconds: int) -> str:
    return f"{seconds / 3600:.2f}".rstrip("0").rstrip(".")

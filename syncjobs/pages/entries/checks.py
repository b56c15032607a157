"""Every check one entry goes through, in the order a person would ask, with what each side has and who can mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from integrations.models import TimeEntry, Workspace
from syncjobs.display.formatting import ago, day, moment
from syncjobs.planning.inputs import PlanningContext
from syncjobs.rules.eligibility import ResolvedPartner

PASSED, FAILED, NOT_REACHED = "passed", "failed", "not reached"
NOT_ASKED = "not asked yet"


@dataclass(frozen=True, slots=True)
class Check:
    """`mark` is passed, failed or not reached; `code` is the reason that failed it, `where` who mends that."""

    title: str
    mark: str
    clockify: str
    quickbooks: str = ""
    code: str = ""
    where: str = ""
    link: str = ""

    @property
    def icon(self) -> str:
        return {PASSED: "check", FAILED: "close", NOT_REACHED: "remove"}[self.mark]

    @property
    def tone(self) -> str:
        return {PASSED: "sent", FAILED: "refused", NOT_REACHED: "out"}[self.mark]


@dataclass(frozen=True)
class KnownReasons:
    """What QuickBooks was asked about this entry so far."""

    codes: frozenset[str]
    attempted: bool
    answer: str = ""


def checks(workspace: Workspace, row: TimeEntry, context: PlanningContext, asked: KnownReasons) -> list[Check]:
    """`around` is what its status depends on; `asked.codes` are the reasons that were found."""
    return [
        *_about_work(workspace, row, context, asked),
        *_about_names(row, context, asked),
        *_about_books(workspace, row, context, asked),
    ]


def tally(found: Sequence[Check]) -> str:
    """`16 of 18 checks were reached, 1 failed.`"""
    reached = sum(one.mark != NOT_REACHED for one in found)
    failed = sum(one.mark == FAILED for one in found)
    return f"{reached} of {len(found)} checks were reached, {failed or 'none'} failed."


def _check(
    asked: KnownReasons,
    title: str,
    codes: tuple[str, ...],
    clockify: str,
    quickbooks: str = "",
    *,
    reached: bool = True,
) -> Check:
    """Failed where one of the codes was found, else passed, unless there was nothing yet to look at."""
    code = next((one for one in codes if one in asked.codes), "")
    mark = FAILED if code else PASSED if reached else NOT_REACHED
    return Check(title, mark, clockify, quickbooks, code)


def _about_work(workspace: Workspace, row: TimeEntry, context: PlanningContext, asked: KnownReasons) -> Iterator[Check]:
    zone = workspace.time_zone
    began = moment(row.start_at, zone)
    ended = f"ended {moment(row.end_at, zone)}" if row.end_at else f"running since {began}"
    limit = length(context.policy.longest_seconds)
    rate = "none" if row.rate is None else f"{row.rate:.2f} {row.currency} an hour"
    over = row.seconds is not None
    yield _check(asked, "Finished", ("NOT_FINISHED",), ended)
    yield _check(asked, "Work time", ("NOT_WORK_TIME",), f"type {row.type}", "REGULAR goes")
    yield _check(asked, "Billable", ("NOT_BILLABLE",), "yes" if row.billable else "no")
    yield _check(asked, "Has a project", ("NO_PROJECT",), row.project_name or "none")
    yield _check(asked, "At least a minute", ("TOO_SHORT",), length(row.seconds), reached=over)
    yield _check(asked, "Not too long", ("TOO_LONG",), length(row.seconds), f"up to {limit} by the rules", reached=over)
    yield _check(asked, "Rate", (), rate, "" if row.rate is not None else "goes with 0, and a warning")
    if context.policy.approved_only:
        said = {True: "approved", False: "not approved", None: "not asked"}[row.approved]
        yield _check(asked, "Approved", ("NOT_APPROVED",), said)
    if context.policy.block_invoiced:
        yield _check(asked, "Not invoiced there", ("INVOICED_IN_CLOCKIFY",), "invoiced" if row.invoiced else "no")
    yield _check(asked, "Not ignored here", ("IGNORED",), "")


def _about_names(row: TimeEntry, context: PlanningContext, asked: KnownReasons) -> Iterator[Check]:
    user = context.mapping_table.users.get(row.user_id)
    who = row.user_name or f"User {row.user_id}"
    yield _check(asked, "User linked", ("USER_NOT_MAPPED",), who, _partner(user))
    yield _check(asked, "Employee active", ("EMPLOYEE_INACTIVE",), who, _standing(user), reached=_has_partner(user))
    project = context.mapping_table.projects.get(row.project_id) if row.project_id else None
    if row.client_id:
        client = context.mapping_table.clients.get(row.client_id)
        by_hand = project is not None and project.works and project.by_person
        there = _partner(client) if not by_hand else f"{_partner(client)}; not needed, the project is linked by hand"
        yield _check(asked, "Client linked", ("CLIENT_NOT_MAPPED",), row.client_name, there)
    name, has_project, has_customer = row.project_name or "none", bool(row.project_id), _has_partner(project)
    codes = ("PROJECT_NOT_MAPPED",)
    yield _check(asked, "Project linked", codes, name, _partner(project) if has_project else "", reached=has_project)
    yield _check(asked, "Customer active", ("CUSTOMER_INACTIVE",), name, _standing(project), reached=has_customer)
    theirs = project.partner.currency if project and project.partner else ""
    ours = row.currency or "not said"
    yield _check(
        asked, "Same currency", ("CURRENCY_DIFFERS",), ours, theirs or "not said", reached=bool(theirs and row.currency)
    )


def _about_books(
    workspace: Workspace, row: TimeEntry, context: PlanningContext, asked: KnownReasons
) -> Iterator[Check]:
    closed = context.policy.book_close_date
    books = f"closed up to {day(closed)}" if closed else "not closed"
    yield _check(asked, "Books open", ("BOOKS_CLOSED",), day(row.txn_date), books)
    codes = ("NOT_CONNECTED", "PLAN_NOT_SUPPORTED", "PAYROLL_ENABLED")
    yield _check(asked, "Connection and plan", codes, workspace.get_state_display(), _plan(workspace))
    twin = ("ALREADY_IN_QUICKBOOKS",)
    looked = asked.attempted or twin[0] in asked.codes
    there = "looked at before sending" if looked else NOT_ASKED
    yield _check(asked, "Not there already", twin, "", there, reached=looked)
    answers = ("QUICKBOOKS_REFUSED", "OUTCOME_UNKNOWN", "BILLED_IN_QUICKBOOKS", "CHANGED_IN_QUICKBOOKS")
    answer = asked.answer if asked.attempted else NOT_ASKED
    yield _check(asked, "Accepted", answers, "", answer, reached=asked.attempted)


def _plan(workspace: Workspace) -> str:
    """What QuickBooks said of itself, and how old that is."""
    company = workspace.company
    if company is None:
        return "not connected yet"
    payroll = {True: "Payroll on", False: "Payroll off", None: "Payroll not stated"}[company.payroll]
    said = [company.sku or "plan not named", payroll, company.subscription.lower() or "subscription not stated"]
    state = "" if company.state == company.State.CONNECTED else f"{company.get_state_display()}; "
    return f"{state}{', '.join(said)}, read {ago(company.plan_read_at)}"


def _has_partner(standing: ResolvedPartner | None) -> bool:
    return standing is not None and standing.partner is not None


def _partner(standing: ResolvedPartner | None) -> str:
    if standing is None or standing.partner is None:
        return "not linked"
    partner = standing.partner
    return f"{partner.kind} {partner.id}, {partner.name}"


def _standing(standing: ResolvedPartner | None) -> str:
    if standing is None or standing.partner is None:
        return "not linked"
    name = standing.partner.name
    if standing.suspended in {"EMPLOYEE_INACTIVE", "CUSTOMER_INACTIVE"}:
        return f"{name}, inactive"
    return f"{name}, active; the link waits for a person" if standing.suspended else f"{name}, active"


def length(seconds: int | None) -> str:
    """`2 h 15 m`, with seconds where they are not zero."""
    if seconds is None:
        return "not known yet"
    sign, seconds = ("−", -seconds) if seconds < 0 else ("", seconds)
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = [
        f"{hours} h" if hours else "",
        f"{minutes} m" if minutes or not seconds else "",
        f"{left} s" if left else "",
    ]
    return sign + " ".join(part for part in parts if part)

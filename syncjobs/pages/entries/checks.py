"""The checks that one entry goes through, in the order a person would ask, with the values of both sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from integrations.models import TimeEntry, Workspace
from integrations.unnamed import named
from syncjobs.display.formatting import ago, day, hourly_rate, length, moment
from syncjobs.planning.context import PlanningContext
from syncjobs.rules.codes import Code
from syncjobs.rules.drafts.eligibility import ResolvedPartner

PASSED, FAILED, NOT_REACHED = "passed", "failed", "not run"
NOT_ASKED = "not checked yet"


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `mark` is passed, failed or not reached; `code` the reason that failed it, `where` it is resolved."""

    title: str
    mark: str
    clockify: str
    quickbooks: str = ""
    code: str = ""
    where: str = ""
    link: str = ""
    reason: str = ""  # the title of the reason that failed it

    @property
    def icon(self) -> str:
        return {PASSED: "check", FAILED: "close", NOT_REACHED: "remove"}[self.mark]

    @property
    def tone(self) -> str:
        return {PASSED: "sent", FAILED: "refused", NOT_REACHED: "out"}[self.mark]


@dataclass(frozen=True)
class KnownReasons:
    """Codes of the reasons that an entry has, whether it was ever tried, and QuickBooks' last answer."""

    codes: frozenset[str]
    attempted: bool
    answer: str = ""


def checks(workspace: Workspace, entry: TimeEntry, context: PlanningContext, known: KnownReasons) -> list[Check]:
    """Return the checks of one entry; `context` is what its status depends on, `known` what was found so far."""
    return [
        *_work_checks(workspace, entry, context, known),
        *_mapping_checks(entry, context, known),
        *_quickbooks_checks(workspace, entry, context, known),
    ]


def tally(check_list: Sequence[Check]) -> str:
    """Return `16 of 18 checks were run, 1 failed.`"""
    reached = sum(check.mark != NOT_REACHED for check in check_list)
    failed = sum(check.mark == FAILED for check in check_list)
    return f"{reached} of {len(check_list)} checks were run, {failed or 'none'} failed."


def _check(
    known: KnownReasons,
    title: str,
    codes: tuple[str, ...],
    clockify: str,
    quickbooks: str = "",
    *,
    reached: bool = True,
) -> Check:
    """Return the check: failed where one of its codes was found, else passed, or not reached."""
    code = next((code for code in codes if code in known.codes), "")
    mark = FAILED if code else PASSED if reached else NOT_REACHED
    return Check(title, mark, clockify, quickbooks, code)


def _work_checks(
    workspace: Workspace, entry: TimeEntry, context: PlanningContext, known: KnownReasons
) -> Iterator[Check]:
    zone = workspace.time_zone
    began_text = moment(entry.start_at, zone)
    ended_text = f"ended {moment(entry.end_at, zone)}" if entry.end_at else f"running since {began_text}"
    limit = length(context.policy.longest_seconds)
    rate_text = "none" if entry.rate is None else f"{hourly_rate(entry.rate, entry.currency)} an hour"
    is_finished = entry.seconds is not None
    last_well = "shown as last read successfully" if Code.UNREADABLE in known.codes else ""
    yield _check(known, "Can be read", (Code.UNREADABLE,), last_well)
    yield _check(known, "Finished", (Code.NOT_FINISHED,), ended_text)
    yield _check(
        known, "Work time", (Code.NOT_WORK_TIME,), entry.type.lower().replace("_", " "), "only regular time is sent"
    )
    goes = "" if entry.billable or Code.NOT_BILLABLE in known.codes else "is sent as not billable"
    yield _check(known, "Billable", (Code.NOT_BILLABLE,), "yes" if entry.billable else "no", goes)
    yield _check(known, "Has a project", (Code.NO_PROJECT,), entry.project_name or "none")
    yield _check(known, "At least a minute", (Code.TOO_SHORT,), length(entry.seconds), reached=is_finished)
    yield _check(
        known,
        "Not too long",
        (Code.TOO_LONG,),
        length(entry.seconds),
        f"up to {limit} by the rules",
        reached=is_finished,
    )
    if entry.billable:
        yield _check(known, "Rate", (), rate_text, "" if entry.rate is not None else "is sent at 0, with a warning")
    if context.policy.approved_only:
        approval = {True: "approved", False: "not approved", None: "not asked"}[entry.approved]
        yield _check(known, "Approved", (Code.NOT_APPROVED,), approval)
    if context.policy.block_invoiced:
        yield _check(
            known, "Not invoiced in Clockify", (Code.INVOICED_IN_CLOCKIFY,), "invoiced" if entry.invoiced else "no"
        )
    yield _check(known, "Not ignored here", (Code.IGNORED,), "")


def _mapping_checks(entry: TimeEntry, context: PlanningContext, known: KnownReasons) -> Iterator[Check]:
    user = context.mapping_table.users.get(entry.user_id)
    user_name = named(entry.user_name)
    yield _check(known, "User linked", (Code.USER_NOT_MAPPED,), user_name, _partner_text(user))
    yield _check(
        known, "Employee active", (Code.EMPLOYEE_INACTIVE,), user_name, _active_text(user), reached=_has_partner(user)
    )
    project = context.mapping_table.projects.get(entry.project_id) if entry.project_id else None
    if entry.client_id:
        client = context.mapping_table.clients.get(entry.client_id)
        # A project that a person linked has its customer already, whether or not its client is linked.
        by_hand = project is not None and project.works and project.by_person
        quickbooks_text = (
            _partner_text(client)
            if not by_hand
            else f"{_partner_text(client)}; not needed, the project is linked by hand"
        )
        yield _check(known, "Client linked", (Code.CLIENT_NOT_MAPPED,), entry.client_name, quickbooks_text)
    name, has_project, has_customer = entry.project_name or "none", bool(entry.project_id), _has_partner(project)
    codes = (Code.PROJECT_NOT_MAPPED,)
    yield _check(
        known, "Project linked", codes, name, _partner_text(project) if has_project else "", reached=has_project
    )
    yield _check(known, "Customer active", (Code.CUSTOMER_INACTIVE,), name, _active_text(project), reached=has_customer)
    quickbooks_currency = project.partner.currency if project and project.partner else ""
    clockify_currency = entry.currency or "not stated"
    yield _check(
        known,
        "Same currency",
        (Code.CURRENCY_DIFFERS,),
        clockify_currency,
        quickbooks_currency or "not stated",
        reached=bool(quickbooks_currency and entry.currency),
    )


def _quickbooks_checks(
    workspace: Workspace, entry: TimeEntry, context: PlanningContext, known: KnownReasons
) -> Iterator[Check]:
    close_date = context.policy.book_close_date
    closed_text = f"closed through {day(close_date)}" if close_date else "not closed"
    yield _check(known, "Books open", (Code.BOOKS_CLOSED,), day(entry.txn_date), closed_text)
    if context.policy.signed:
        yield _check(
            known, "Not in a signed period", (Code.PERIOD_SIGNED,), day(entry.txn_date), "signed periods are kept"
        )
    resolution = context.resolve(context.entry(entry))
    # What QuickBooks refused, or people gave there, breaks time for which no rule chooses anything, too.
    is_broken = Code.LINE_RULE_BROKEN in known.codes
    if resolution.line.choices or is_broken:
        item_text = "can't be used" if is_broken else "active"
        yield _check(known, "Item, class and location active", (Code.LINE_RULE_BROKEN,), "", item_text)
    codes = (Code.NOT_CONNECTED, Code.PLAN_NOT_SUPPORTED, Code.PAYROLL_ENABLED)
    yield _check(known, "Connection and plan", codes, workspace.get_state_display(), _subscription_text(workspace))
    duplicate_codes = (Code.ALREADY_IN_QUICKBOOKS,)
    # Duplicates are looked for only when an entry is about to be sent; before that nothing is known either way.
    was_searched = known.attempted or duplicate_codes[0] in known.codes
    quickbooks_text = "checked before sending" if was_searched else NOT_ASKED
    yield _check(known, "Not already in QuickBooks", duplicate_codes, "", quickbooks_text, reached=was_searched)
    answer_codes = (
        Code.QUICKBOOKS_REFUSED,
        Code.OUTCOME_UNKNOWN,
        Code.BILLED_IN_QUICKBOOKS,
        Code.CHANGED_IN_QUICKBOOKS,
        Code.INVOICES_NOT_READ,
    )
    answer = known.answer if known.attempted else NOT_ASKED
    yield _check(known, "Accepted by QuickBooks", answer_codes, "", answer, reached=known.attempted)


def _subscription_text(workspace: Workspace) -> str:
    """Return QuickBooks' subscription, payroll and status as last read, and how old that is."""
    company = workspace.company
    if company is None:
        return "not connected yet"
    payroll = {True: "Payroll on", False: "Payroll off", None: "Payroll not stated"}[company.payroll]
    facts = [company.sku or "plan not named", payroll, company.subscription.lower() or "subscription not stated"]
    state = "" if company.state == company.State.CONNECTED else f"{company.get_state_display()}; "
    return f"{state}{', '.join(facts)}, read {ago(company.plan_read_at)}"


def _has_partner(resolved: ResolvedPartner | None) -> bool:
    return resolved is not None and resolved.partner is not None


def _partner_text(resolved: ResolvedPartner | None) -> str:
    if resolved is None or resolved.partner is None:
        return "not linked"
    partner = resolved.partner
    return f"{partner.kind} {partner.id}, {partner.name}"


def _active_text(resolved: ResolvedPartner | None) -> str:
    if resolved is None or resolved.partner is None:
        return "not linked"
    name = resolved.partner.name
    if resolved.suspended in {Code.EMPLOYEE_INACTIVE, Code.CUSTOMER_INACTIVE}:
        return f"{name}, inactive"
    return f"{name}, active; the link waits for review" if resolved.suspended else f"{name}, active"

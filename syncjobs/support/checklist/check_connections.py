"""The checklist's lines on plan, names and connections, under the help page's headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Sum

from integrations.errors import NoAnswer, TryLater
from integrations.fields import SecretUnreadable
from integrations.models import ApiCall, Company, Workspace
from integrations.quickbooks import company_payloads, subscription_policy
from integrations.quickbooks.subscription_policy import Evidence
from mapping import queries
from syncjobs.display import formatting
from syncjobs.support.checklist import check_new_records
from syncjobs.support.checklist.check_lines import CHECK, CONNECT, FAIL, NAMED, OK, SKIP, WARN, Check, Line, moment
from syncjobs.support.checklist.vendor_answers import Problem, VendorAnswers

RECONNECT = "Press *Reconnect QuickBooks* on the overview. Links and history are kept."
NEW_KEY = "Connect Clockify again with the key of an owner or admin: `connect_clockify --api-key -`."
JUST_NOW = "Read just now"
SEE_CONNECTION = "See the line `connection_quickbooks`."
GOES_ON = "The next run continues. To start one now: `check_for_new`."
# By kind: who is linked, and to what.
KINDS = {
    "user": ("Clockify user,Clockify users", "an employee in QuickBooks of exactly that name"),
    "client": ("Clockify client,Clockify clients", "a top-level customer in QuickBooks of exactly that name"),
    "project": (
        "Clockify project,Clockify projects",
        "a sub-customer of the client's customer in QuickBooks (without a client: a customer) of exactly that name",
    ),
}


def checks(workspace: Workspace, answers: VendorAnswers, now: datetime) -> Sequence[tuple[str, Check]]:
    return (
        ("plan", lambda: plan(workspace, answers)),
        ("payroll", lambda: payroll(workspace, answers)),
        ("users", lambda: records(workspace, "user")),
        ("clients", lambda: records(workspace, "client")),
        ("projects", lambda: records(workspace, "project")),
        ("new_records", lambda: check_new_records.new_records(workspace, answers, now)),
        ("connection_quickbooks", lambda: quickbooks(workspace.company, answers)),
        ("connection_clockify", lambda: clockify(workspace, answers)),
    )


def evidence_of(company: Company, answers: VendorAnswers) -> tuple[Evidence | None, str]:
    """Return what QuickBooks says of the plan, just now or when last read (None: never), and the words for when."""
    if answers.company_info is not None and answers.preferences is not None:
        found = company_payloads.subscription(answers.company_info, answers.preferences)
        read = Evidence(found.sku, found.subscription, found.payroll, found.time_tracking, problem=found.problem)
        return _allowed(read, company), f"{JUST_NOW}, {moment(answers.asked_at)}."
    if company.plan_read_at is None:
        return None, "It was never read."
    stored = Evidence(
        company.sku, company.subscription, company.payroll, company.time_tracking, problem=company.plan_problem
    )
    return _allowed(stored, company), f"Read {moment(company.plan_read_at)}, not read since."


def _allowed(evidence: Evidence, company: Company) -> Evidence:
    return replace(evidence, allow_sku=company.allow_sku, allow_unstated_payroll=company.allow_unstated_payroll)


def plan(workspace: Workspace, answers: VendorAnswers) -> Line:
    if workspace.company is None:
        return Line(SKIP, "Not read: no QuickBooks company is connected.", CONNECT)
    evidence, when = evidence_of(workspace.company, answers)
    if evidence is None:
        return Line(FAIL, f"QuickBooks' plan is not known. {when}", RECONNECT)
    # Payroll has a line of its own.
    status = subscription_policy.status_of(replace(evidence, payroll=False))
    said = f"QuickBooks says: plan {evidence.sku or 'not stated'}, subscription {evidence.subscription or 'not stated'}"
    message = f"{status.sentence} {status.warning}{' ' if status.warning else ''}{said}. {when}"
    if not status.supported:
        fix = (
            "Time goes to QuickBooks Online Essentials and Plus with an active subscription: change it in QuickBooks "
            "under *Account and settings > Billing and subscription*. Another plan may be allowed by an administrator: "
            "`policy allow_sku=…`."
        )
        return Line(FAIL, message, fix)
    if status.warning:
        return Line(WARN, message, "Settle the payment in QuickBooks under *Billing and subscription*.")
    return _by_age(message, when, answers)


def payroll(workspace: Workspace, answers: VendorAnswers) -> Line:
    if workspace.company is None:
        return Line(SKIP, "Not read: no QuickBooks company is connected.", CONNECT)
    evidence, when = evidence_of(workspace.company, answers)
    if evidence is None:
        return Line(FAIL, f"Whether Payroll is on is not known. {when}", RECONNECT)
    if evidence.problem:
        return Line(
            FAIL,
            f"What QuickBooks says can't be read: {evidence.problem}. {when}",
            "Ask your Hourbridge administrator.",
        )
    if evidence.payroll is True:
        return Line(FAIL, f"Payroll is on in this company. {when}", "Turn Payroll off in QuickBooks, then check again.")
    if evidence.payroll is None:
        allow = "An administrator may allow that for this company: `policy allow_unstated_payroll=true`."
        level, fix = (WARN, "") if evidence.allow_unstated_payroll else (FAIL, allow)
        said = ", which an administrator allowed" if evidence.allow_unstated_payroll else ""
        return Line(level, f"QuickBooks does not say whether Payroll is on{said}. {when}", fix)
    return _by_age(f"Payroll is off. {when}", when, answers)


def _by_age(message: str, when: str, answers: VendorAnswers) -> Line:
    is_as_asked = when.startswith(JUST_NOW) or not answers.is_asked
    return Line(OK, message) if is_as_asked else Line(WARN, message, SEE_CONNECTION)


def records(workspace: Workspace, kind: str) -> Line:
    """Check the names of one kind as they were matched last."""
    noun, rule = KINDS[kind]
    if workspace.company is None:
        return Line(SKIP, "Nothing is matched: no QuickBooks company is connected.", CONNECT)
    if workspace.pulled_at is None or workspace.company.pulled_at is None:
        return Line(WARN, f"No {noun.partition(',')[2]} were matched yet.", CHECK)
    counted = queries.counts(workspace)[queries.PLURALS[kind]]
    mapped, unmapped = counted["mapped"], counted["unmapped"]
    when = f"Lists read {moment(min(workspace.pulled_at, workspace.company.pulled_at))}, not read since."
    if not unmapped:
        return Line(OK, f"{formatting.number(mapped, noun)} linked, none unmatched. {when}")
    rows = queries.mismatches_of(workspace).filter(kind=kind).exclude(reason="RENAMED")
    held = rows.aggregate(total=Sum("blocked_minutes"))["total"]
    names = [row.clockify_name or row.clockify_id for row in rows[:NAMED]]
    more = f" and {unmapped - NAMED} more" if unmapped > NAMED else ""
    message = (
        f"{formatting.number(unmapped, noun)} unmatched ({', '.join(names)}{more}), {mapped} linked; "
        f"they hold back {formatting.in_hours(held)}. {when}"
    )
    fix = f"Each needs {rule}: correct the name on either side and check again, or link it by hand on the review desk."
    return Line(WARN if mapped else FAIL, message, fix)


def quickbooks(company: Company | None, answers: VendorAnswers) -> Line:
    if company is None:
        return Line(FAIL, "No QuickBooks company is connected.", CONNECT)
    if not answers.is_asked:
        return _as_known(company, "quickbooks", company.realm_id, RECONNECT)
    if answers.quickbooks_problem is not None:
        return _not_answered(company, answers.quickbooks_problem, "QuickBooks", RECONNECT, answers)
    if company.state == company.LOST:
        text = f"The connection was lost on {moment(company.state_since)}, and lets us in again since"
        return Line(WARN, f"{text} {moment(answers.asked_at)}.", GOES_ON)
    return Line(OK, f"{company} ({company.realm_id}) answered, {moment(answers.asked_at)}.")


def clockify(workspace: Workspace, answers: VendorAnswers) -> Line:
    if not answers.is_asked:
        return _as_known(workspace, "clockify", workspace.clockify_id, NEW_KEY)
    if answers.clockify_problem is not None:
        return _not_answered(workspace, answers.clockify_problem, "Clockify", NEW_KEY, answers)
    if workspace.state == workspace.LOST:
        text = f"The connection was lost on {moment(workspace.state_since)}, and lets us in again since"
        return Line(WARN, f"{text} {moment(answers.asked_at)}.", GOES_ON)
    text = f"{workspace} ({workspace.clockify_id}) and its key's user answered, {moment(answers.asked_at)}."
    return Line(OK, text)


def _as_known(row: Workspace | Company, vendor: str, account: str, fix: str) -> Line:
    """Check a connection that is not asked by its state, and by its last call that was answered well."""
    state = f"The connection is {row.get_state_display().lower()} since {moment(row.state_since)}."
    if row.state != row.State.CONNECTED:
        return Line(FAIL, f"{row.state_reason} {state}".strip(), fix)
    answered = ApiCall.objects.filter(vendor=vendor, account=account, status__gte=200, status__lt=300)
    last = answered.order_by("-at").values_list("at", flat=True).first()
    return Line(OK, f"{row} is connected; its last good answer is from {moment(last)}; not contacted since.")


def _not_answered(
    row: Workspace | Company, problem: Problem, vendor: str, connect: str, answers: VendorAnswers
) -> Line:
    if isinstance(problem, SecretUnreadable):
        return Line(FAIL, f"{vendor} can't be asked: the stored secret can't be read.", "See the line `encryption`.")
    since = f" The connection is {row.get_state_display().lower()} since {moment(row.state_since)}."
    is_asked = any(seen.vendor == vendor.lower() for seen in answers.seen)
    asked = f"Asked {moment(answers.asked_at)}." if is_asked else f"Not asked now, {moment(answers.asked_at)}."
    message = f"{problem.message}{since if row.state != row.State.CONNECTED else ''} {asked}"
    if isinstance(problem, TryLater):
        return Line(WARN, message, problem.fix)
    if isinstance(problem, NoAnswer):
        return Line(FAIL, message, problem.fix or f"Check the network and {vendor}'s status page.")
    return Line(FAIL, message, problem.fix or connect)

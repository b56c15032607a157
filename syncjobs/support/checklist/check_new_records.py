"""The checklist's line on new users and customers: when the lists were read, and what either side has since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from integrations.clockify.client import PAGE_SIZE as MAX_PROJECTS
from integrations.models import Company, UnreadableRecord, Workspace
from integrations.quickbooks.reading import MAX_NEW
from syncjobs.display import formatting
from syncjobs.support.checklist.check_lines import CHECK, CONNECT, NAMED, OK, WARN, Line, moment
from syncjobs.support.checklist.vendor_answers import VendorAnswers

# Lists read longer ago than this are not recent.
RECENT = timedelta(hours=24)
NOUNS = {
    "Employee": "employee,employees",
    "Vendor": "vendor,vendors",
    "Customer": "customer,customers",
    "project": "project,projects",
}


def new_records(workspace: Workspace, answers: VendorAnswers, now: datetime) -> Line:
    """Check whether the lists were read lately, and whether anything that could be asked for is newer."""
    company = workspace.company
    if company is None or workspace.pulled_at is None or company.pulled_at is None:
        return Line(WARN, "Users and customers were not read yet.", CHECK if company else CONNECT)
    read = f"Clockify's lists were read {moment(workspace.pulled_at)}, QuickBooks' {moment(company.pulled_at)}."
    newer = _newer(answers)
    if newer:
        return Line(WARN, f"{read} Not among them: {'; '.join(newer)}, {moment(answers.asked_at)}.", CHECK)
    found = f"{read} {_since(answers)}"
    shrunk = [*workspace.shrunk_lists.all(), *company.shrunk_lists.all()]
    if shrunk:
        return Line(WARN, f"{found} {shrunk[0].sentence}", "Answer on the page of the last check, which asks about it.")
    unreadable = _unreadable(workspace, company)
    if unreadable:
        text = f"{found} {formatting.number(unreadable, 'record,records')} could not be read."
        return Line(WARN, text, "They are listed under *Records that could not be read*.")
    if now - min(workspace.pulled_at, company.pulled_at) > RECENT:
        return Line(WARN, f"{found} That is more than a day ago.", CHECK)
    return Line(OK, found)


def _newer(answers: VendorAnswers) -> list[str]:
    """Return what each side has that was not read, by kind, such as `1 customer in QuickBooks (Acme)`."""
    kinds = [(kind, "QuickBooks", names) for kind, names in (answers.new_in_quickbooks or {}).items()]
    kinds.append(("project", "Clockify", answers.new_projects or []))
    return [_counted(kind, side, names) for kind, side, names in kinds if names]


def _counted(kind: str, side: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    at_least = "at least " if len(names) >= MAX_NEW else ""
    return f"{at_least}{formatting.number(len(names), NOUNS[kind])} in {side} ({', '.join(names[:NAMED])}{more})"


def _since(answers: VendorAnswers) -> str:
    """Return what was asked for and is not there, and what was not asked for."""
    if not answers.is_asked:
        return "Anything newer has not been read."
    asked = []
    if answers.new_in_quickbooks is not None:
        asked.append("QuickBooks has no newer employee, vendor or customer")
    if answers.new_projects is not None:
        newest = "" if answers.all_projects else f" among its {MAX_PROJECTS} newest"
        asked.append(f"Clockify has no newer project{newest}")
    if not asked:
        return "Whether anything is newer could not be asked."
    not_asked = "Clockify's users and clients were not asked for"
    if len(asked) == 1:
        not_asked += "; the other side could not be asked"
    return f"{' and '.join(asked)}, {moment(answers.asked_at)}. {not_asked}."


def _unreadable(workspace: Workspace, company: Company) -> int:
    of_clockify = UnreadableRecord.objects.filter(workspace=workspace).exclude(kind="entry")
    return of_clockify.count() + UnreadableRecord.objects.filter(company=company).count()

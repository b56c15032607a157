"""Every check one entry goes through, in the order a person would ask, with what each side has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from integrations.models import TimeEntry, Workspace
from syncjobs.evaluate import Circumstances
from syncjobs.resolve import Standing
from syncjobs.templatetags.hourbridge import day, moment

PASSED, FAILED, NOT_ASKED = "passed", "failed", "not asked"


@dataclass(frozen=True, slots=True)
class Check:
    """`mark` is passed, failed or not asked; `code` is the reason that failed it."""

    title: str
    mark: str
    clockify: str
    quickbooks: str = ""
    code: str = ""

    @property
    def icon(self) -> str:
        return {PASSED: "check", FAILED: "close", NOT_ASKED: "remove"}[self.mark]

    @property
    def tone(self) -> str:
        return {PASSED: "sent", FAILED: "refused", NOT_ASKED: "out"}[self.mark]


@dataclass(frozen=True)
class Asked:
    """What QuickBooks was asked about this entry so far."""

    codes: frozenset[str]
    attempted: bool
    answer: str = ""


def checks(workspace: Workspace, row: TimeEntry, around: Circumstances, asked: Asked) -> list[Check]:
    """`around` is what its verdict depends on; `asked.codes` are the reasons that were found."""
    return [
        *_about_work(workspace, row, around, asked),
        *_about_names(row, around, asked),
        *_about_books(workspace, row, around, asked),
    ]


def _check(asked: Asked, title: str, codes: tuple[str, ...], clockify: str, quickbooks: str = "") -> Check:
    code = next((one for one in codes if one in asked.codes), "")
    return Check(title, FAILED if code else PASSED, clockify, quickbooks, code)


def _about_work(workspace: Workspace, row: TimeEntry, around: Circumstances, asked: Asked) -> Iterator[Check]:
    zone = workspace.time_zone
    began = moment(row.start_at, zone)
    ended = f"ended {moment(row.end_at, zone)}" if row.end_at else f"running since {began}"
    yield _check(asked, "Finished", ("NOT_FINISHED",), ended)
    yield _check(asked, "Work time", ("NOT_WORK_TIME",), f"type {row.type}")
    yield _check(asked, "Billable", ("NOT_BILLABLE",), "yes" if row.billable else "no")
    yield _check(asked, "Has a project", ("NO_PROJECT",), row.project_name or "none")
    yield _check(asked, "At least a minute", ("TOO_SHORT",), length(row.seconds))
    limit = length(around.policy.longest_seconds)
    yield _check(asked, "Not too long", ("TOO_LONG",), length(row.seconds), f"up to {limit} by the rules here")
    if around.policy.approved_only:
        said = {True: "approved", False: "not approved", None: "not asked"}[row.approved]
        yield _check(asked, "Approved", ("NOT_APPROVED",), said)
    if around.policy.block_invoiced:
        yield _check(asked, "Not invoiced there", ("INVOICED_IN_CLOCKIFY",), "invoiced" if row.invoiced else "no")
    yield _check(asked, "Not ignored here", ("IGNORED",), "")


def _about_names(row: TimeEntry, around: Circumstances, asked: Asked) -> Iterator[Check]:
    user = around.directory.users.get(row.user_id)
    who = row.user_name or f"User {row.user_id}"
    yield _check(asked, "User linked", ("USER_NOT_MAPPED",), who, _partner(user))
    yield _check(asked, "Employee active", ("EMPLOYEE_INACTIVE",), "", _standing(user))
    if not row.project_id:
        return
    project = around.directory.projects.get(row.project_id)
    if row.client_id:
        client = around.directory.clients.get(row.client_id)
        by_hand = project is not None and project.works and project.by_person
        there = _partner(client) if not by_hand else f"{_partner(client)}; not needed, the project is linked by hand"
        yield _check(asked, "Client linked", ("CLIENT_NOT_MAPPED",), row.client_name, there)
    yield _check(asked, "Project linked", ("PROJECT_NOT_MAPPED",), row.project_name, _partner(project))
    yield _check(asked, "Customer active", ("CUSTOMER_INACTIVE",), "", _standing(project))
    theirs = project.partner.currency if project and project.partner else ""
    yield _check(asked, "Same currency", ("CURRENCY_DIFFERS",), row.currency or "not said", theirs or "not said")


def _about_books(workspace: Workspace, row: TimeEntry, around: Circumstances, asked: Asked) -> Iterator[Check]:
    closed = around.policy.book_close_date
    books = f"closed up to {day(closed)}" if closed else "not closed"
    yield _check(asked, "Books open", ("BOOKS_CLOSED",), day(row.txn_date), books)
    plan = workspace.company.sku if workspace.company else "not connected"
    codes = ("NOT_CONNECTED", "PLAN_NOT_SUPPORTED", "PAYROLL_ENABLED")
    yield _check(asked, "Connection and plan", codes, "", plan)
    if "ALREADY_IN_QUICKBOOKS" in asked.codes or asked.attempted:
        yield _check(asked, "Not there already", ("ALREADY_IN_QUICKBOOKS",), "", "looked at before sending")
    else:
        yield Check("Not there already", NOT_ASKED, "", "not asked yet")
    if asked.attempted:
        answers = ("QUICKBOOKS_REFUSED", "OUTCOME_UNKNOWN", "BILLED_IN_QUICKBOOKS", "CHANGED_IN_QUICKBOOKS")
        yield _check(asked, "Accepted", answers, "", asked.answer)
    else:
        yield Check("Accepted", NOT_ASKED, "", "not asked yet")


def _partner(standing: Standing | None) -> str:
    if standing is None or standing.partner is None:
        return "not linked"
    partner = standing.partner
    return f"{partner.kind} {partner.id}, {partner.name}"


def _standing(standing: Standing | None) -> str:
    if standing is None or standing.partner is None:
        return "not linked"
    return f"the link is suspended: {standing.suspended}" if standing.suspended else "active"


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

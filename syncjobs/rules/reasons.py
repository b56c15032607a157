"""Every reason why an entry does not go: its title, its sentence, and where to resolve it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from syncjobs.rules import refusals
from syncjobs.rules.codes import Code


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts of one reason. `sentence` is filled with its facts. `by_rule`: such time should not go at all."""

    title: str
    sentence: str
    resolve_in: str  # clockify, quickbooks, here, wait or support
    fix: str
    by_rule: bool = False


# A reason as rows keep it: its code, as `code`, beside its facts by their names.
ReasonRow = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    """One code with the facts that its sentence needs: names and values as stored, never sentences."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_row(self) -> ReasonRow:
        """Return the reason as rows store it: its code, as `code`, beside its facts."""
        return {"code": self.code, **self.facts}


WORDINGS: dict[str, Wording] = {
    Code.NOT_FINISHED: Wording(
        "Still running",
        "The timer has been running since {started}; it is checked again once it stops.",
        "wait",
        "Stop the timer in Clockify when the work is done.",
        by_rule=True,
    ),
    Code.NOT_WORK_TIME: Wording(
        "Not work time",
        "Clockify has it as {type}, and only work time is sent.",
        "clockify",
        "Enter it as regular time if it was work.",
        by_rule=True,
    ),
    Code.NOT_BILLABLE: Wording(
        "Not billable",
        "It is marked not billable in Clockify, and only billable time is sent.",
        "clockify",
        "Mark it billable in Clockify if it should be billed.",
        by_rule=True,
    ),
    Code.NO_PROJECT: Wording(
        "No project",
        "It has no project, so there is no customer to bill.",
        "clockify",
        "Choose a project for it in Clockify.",
    ),
    Code.USER_NOT_MAPPED: Wording(
        "User not linked",
        "{user} is not linked to an employee or vendor in QuickBooks.",
        "here",
        "Link the user on the review desk, under People.",
    ),
    Code.CLIENT_NOT_MAPPED: Wording(
        "Client not linked",
        "{client} is not linked to a customer in QuickBooks.",
        "here",
        "Link the client on the review desk, under Clients.",
    ),
    Code.PROJECT_NOT_MAPPED: Wording(
        "Project not linked",
        "{project} is not linked to a customer in QuickBooks.",
        "here",
        "Link the project on the review desk, under Projects.",
    ),
    Code.EMPLOYEE_INACTIVE: Wording(
        "Employee or vendor inactive",
        "{name} is inactive in QuickBooks; the link waits for review.",
        "quickbooks",
        "Reactivate the person in QuickBooks and confirm the link here, or link another one.",
    ),
    Code.CUSTOMER_INACTIVE: Wording(
        "Customer inactive",
        "{name} is inactive in QuickBooks; the link waits for review.",
        "quickbooks",
        "Reactivate the customer in QuickBooks and confirm the link here, or link another one.",
    ),
    Code.TOO_SHORT: Wording(
        "Under a minute",
        "{seconds} seconds round to zero minutes.",
        "clockify",
        "Correct the start or end in Clockify if more time was worked.",
        by_rule=True,
    ),
    Code.TOO_LONG: Wording(
        "Unusually long",
        "It lasts {hours} h; entries over {limit} h wait for review.",
        "clockify",
        "Correct the end time in Clockify if a timer was left running, or send it anyway here.",
    ),
    Code.BOOKS_CLOSED: Wording(
        "Books closed",
        "The books are closed through {closed}, and this work is from {day}.",
        "quickbooks",
        "Ask the bookkeeper to reopen the period, or leave the time out.",
    ),
    Code.PERIOD_SIGNED: Wording(
        "Period signed",
        "{by} signed {first} to {last}, this work is from {day}, and signed periods are kept.",
        "here",
        "Withdraw the sign-off on the page Proof, or switch off Keep signed periods under Rules.",
    ),
    Code.CURRENCY_DIFFERS: Wording(
        "Different currency",
        "Its rate is in {ours}, {customer} is billed in {theirs}.",
        "clockify",
        "Correct the currency in Clockify, or link a customer of that currency.",
    ),
    Code.NOT_APPROVED: Wording(
        "Not approved yet",
        "Only approved time is sent here, and this is not approved in Clockify.",
        "clockify",
        "Approve the time in Clockify.",
    ),
    Code.INVOICED_IN_CLOCKIFY: Wording(
        "Already invoiced",
        "It is marked invoiced in Clockify; sending it too would bill it twice.",
        "clockify",
        "Leave it, or send it anyway here if that invoice will not be used.",
        by_rule=True,
    ),
    Code.ALREADY_IN_QUICKBOOKS: Wording(
        "Already in QuickBooks",
        "QuickBooks has the same person, customer, day and time, not sent from here ({twins}).",
        "here",
        "Adopt that one, or send this one anyway.",
    ),
    Code.IGNORED: Wording(
        "Ignored", "{what} is ignored here.", "here", "Stop ignoring it to send its time.", by_rule=True
    ),
    Code.PLAN_NOT_SUPPORTED: Wording(
        "Plan not supported",
        "{sentence}",
        "quickbooks",
        "Sending needs QuickBooks Online Essentials or Plus without Payroll.",
    ),
    Code.PAYROLL_ENABLED: Wording(
        "Payroll is on",
        "Payroll is on in this QuickBooks company, and is not supported.",
        "quickbooks",
        "Use a company without Payroll; then check again.",
    ),
    Code.NOT_CONNECTED: Wording(
        "Not connected",
        "{side} is not connected: {cause} Nothing is lost in the meantime.",
        "here",
        "Connect it again.",
    ),
    Code.QUICKBOOKS_REFUSED: Wording(
        "Refused by QuickBooks",
        "QuickBooks said {error}: “{words}”. Nothing was written.",
        refusals.UNKNOWN.resolve_in,
        refusals.UNKNOWN.fix,
    ),
    Code.UNREADABLE: Wording(
        "Could not be read",
        "{what} could not be read: {problem}.",
        "clockify",
        "Correct the record where it is kept; the next run reads it again. If it looks right there, report it.",
    ),
    Code.LINE_RULE_BROKEN: Wording(
        "Item, class or location can't be used",
        "{what} {how}; nothing can be posted to it.",
        "here",
        "Choose another one under Line rules, or under Rules where it is the default, or make it usable in QuickBooks "
        "again; the next run reads it again.",
    ),
    Code.OUTCOME_UNKNOWN: Wording(
        "No answer, in doubt",
        "It was sent at {at} and no clear answer came; every run looks for it before sending it again.",
        "wait",
        "The next run looks for it; if two activities look alike, choose the right one here.",
    ),
    Code.MANY_MISSING: Wording(
        "Many missing at once",
        "It was deleted in Clockify with many others at once; someone has to say if its QuickBooks time goes too.",
        "here",
        "Confirm the deletions, or keep the time in QuickBooks.",
    ),
    Code.BILLED_IN_QUICKBOOKS: Wording(
        "Edited after it was billed",
        "It is billed in QuickBooks, but Clockify has changed since; the invoice is left as is.",
        "quickbooks",
        "Correct the invoice in QuickBooks if it is wrong, or add the difference here.",
    ),
    Code.CHANGED_IN_QUICKBOOKS: Wording(
        "Changed by hand in QuickBooks",
        "What was sent was {how} by hand in QuickBooks; nothing is overwritten or recreated.",
        "here",
        "Keep QuickBooks' version, send Clockify's, or add the difference.",
    ),
    Code.INVOICES_NOT_READ: Wording(
        "Not known whether billed",
        "QuickBooks could not say whether it is on an invoice: {cause} Until it can, it is not changed.",
        "wait",
        "The next run checks again.",
    ),
}

# LINE_RULE_BROKEN where it is known what gives the item, class or location: a rule, a default, or people in QuickBooks.
GIVEN_BY_RULE, GIVEN_BY_DEFAULT, GIVEN_BY_PEOPLE = (
    replace(WORDINGS[Code.LINE_RULE_BROKEN], resolve_in=side, fix=f"{remedy}; the next run reads it again.")
    for side, remedy in (
        ("here", "Choose another one under Line rules, or make it usable in QuickBooks again"),
        ("here", "Choose another one under Rules, or make it usable in QuickBooks again"),
        ("quickbooks", "Make it usable in QuickBooks again, or give that time another one there"),
    )
)

# The side on which a record of this kind is fixed.
SIDES = {"user": "clockify", "client": "clockify", "project": "clockify", "entry": "clockify"}

# QUICKBOOKS_REFUSED for a write that several runs tried without a clear answer.
GIVEN_UP = Wording(
    "Given up",
    "{runs} runs tried to write it, and QuickBooks gave no clear answer (“{words}”). It is not retried automatically.",
    "here",
    "Change the entry in Clockify, press Try again, or leave it out.",
)

# ALREADY_IN_QUICKBOOKS for an activity that is not quite the same.
ALMOST_THERE = Wording(
    "Possible duplicate",
    "QuickBooks has time of the same person and day with the same {same}, not sent from here ({twins}). It may be this "
    "entry as it was before an edit.",
    "here",
    "Adopt that one, which the next sync updates, or send this one anyway.",
)

# BILLED_IN_QUICKBOOKS where the invoice or sales receipt is known.
BILLED_ON = Wording(
    WORDINGS[Code.BILLED_IN_QUICKBOOKS].title,
    "It is billed in QuickBooks on {form}, but Clockify has changed since; the {form_name} is left as is.",
    "quickbooks",
    "Correct the {form_name} in QuickBooks if it is wrong, or add the difference here.",
)
# QuickBooks' entities that bill time, as people call them.
FORM_NAMES = {"Invoice": "invoice", "SalesReceipt": "sales receipt"}

# What people did to sent time in QuickBooks, noted on its receipt.
CONFLICTS = {Code.BILLED_IN_QUICKBOOKS, Code.CHANGED_IN_QUICKBOOKS}
# Reasons for which a run did not do what it should have: its items count as failed.
UNDONE = {Code.INVOICES_NOT_READ}
# OUTCOME_UNKNOWN for a call that was not answered yet, while its run is at work.
ON_THE_WAY = Wording(
    "On the way",
    "It has been on its way to QuickBooks since {at}; the run that is sending it is still working.",
    "wait",
    "Wait until the run is done.",
)

# Reasons that a person may set aside for one entry.
MAY_BE_SET_ASIDE = {Code.TOO_LONG, Code.INVOICED_IN_CLOCKIFY, Code.ALREADY_IN_QUICKBOOKS}
# A sent entry with one of these is no longer billable work, so its time is deleted in QuickBooks.
NO_WORK = {Code.NOT_BILLABLE, Code.NO_PROJECT, Code.NOT_WORK_TIME, Code.TOO_SHORT}
# Clockify's records that a person links, in the order in which an entry's reasons name them.
RECORD_KINDS = ("user", "client", "project")
# Reasons that concern the whole connection, not one entry.
WHOLE_CONNECTION = {Code.NOT_CONNECTED, Code.PLAN_NOT_SUPPORTED, Code.PAYROLL_ENABLED}
# Facts that are days, as `2026-03-10`.
DAYS = ("closed", "day", "first", "last")


class _FactsWithDefault(dict[str, Any]):
    """Facts in which a missing one reads as "?": a row stored before a fact was added must not break a page."""

    def __missing__(self, name: str) -> str:
        return "?"


def is_given_up(row: Mapping[str, Any]) -> bool:
    """Return True for the stored reason of a write that got no answer in several runs."""
    return row.get("code") == Code.QUICKBOOKS_REFUSED and "runs" in row


def is_on_the_way(row: Mapping[str, Any]) -> bool:
    """Return True for the stored reason of a write whose call was not answered yet when it was evaluated."""
    return row.get("code") == Code.OUTCOME_UNKNOWN and "in_flight" in row


def wording_of(row: Mapping[str, Any]) -> Wording | None:
    """Return the texts of a stored reason row; None for an unknown code."""
    if is_given_up(row):
        return GIVEN_UP
    if is_on_the_way(row):
        return ON_THE_WAY
    if row.get("code") == Code.ALREADY_IN_QUICKBOOKS and "same" in row:
        return ALMOST_THERE
    if row.get("code") == Code.LINE_RULE_BROKEN and (given := _given_by(row)):
        return given
    is_known_form = row.get("code") == Code.BILLED_IN_QUICKBOOKS and row.get("transaction")
    return BILLED_ON if is_known_form else WORDINGS.get(str(row.get("code")))


def _given_by(row: Mapping[str, Any]) -> Wording | None:
    """Return the texts for what gives an item, class or location that can't be used; None where that is not known."""
    if row.get("rule"):
        return GIVEN_BY_RULE
    if row.get("default"):
        return GIVEN_BY_DEFAULT
    return GIVEN_BY_PEOPLE if row.get("answered") else None


def form_name(facts: Mapping[str, Any]) -> str:
    """Return `invoice` or `sales receipt`, whichever billed the time; `invoice` where that is not known."""
    return FORM_NAMES.get(str(facts.get("transaction")), "invoice")


def form_text(facts: Mapping[str, Any]) -> str:
    """Return the form that billed the time, as `invoice 1043 of March 31, 2026`; "" where it is not known."""
    if not facts.get("transaction"):
        return ""
    name = form_name(facts)
    # Numbers are optional in QuickBooks.
    text = f"{name} {facts['number']}" if facts.get("number") else f"{'an' if name == 'invoice' else 'a'} {name}"
    day = date.fromisoformat(facts["date"]) if facts.get("date") else None
    return f"{text} of {full_date(day)}" if day else text


def full_date(value: date) -> str:
    """Return `March 3, 2026`."""
    return f"{value:%B} {value.day}, {value.year}"


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    return _FactsWithDefault(with_day_texts(row), form=form_text(row), form_name=form_name(row))


def with_day_texts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts with their days as people write them: `March 3, 2026`."""
    return {**facts, **{name: _day_text(facts[name]) for name in DAYS if facts.get(name)}}


def _day_text(text: Any) -> str:
    """Return a stored day as people write it; words in its place stay as they are."""
    try:
        return full_date(date.fromisoformat(text))
    except (TypeError, ValueError):
        return str(text)


def title(code: str) -> str:
    """Return the title of a reason, or an unknown code as it is."""
    wording = WORDINGS.get(code)
    return wording.title if wording else code


def sentence(row: Mapping[str, Any]) -> str:
    """Return the sentence of a stored reason row, filled with its facts; of an unknown code, the code.

    The reason of a record that is not linked says what its mismatch said when the entry was evaluated.
    """
    if row.get("mismatch"):
        return str(row["mismatch"])
    wording = wording_of(row)
    return wording.sentence.format_map(_facts(row)) if wording else str(row.get("code"))


def sentences(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the sentences of several stored reason rows, one after the other."""
    return " ".join(sentence(row) for row in rows)


def explain(row: Mapping[str, Any]) -> dict[str, str]:
    """Return a stored reason row as pages and the `explain` command show it: code, message, fix_in and fix.

    A refusal is explained by its own code (`rules.refusals`).
    """
    code, wording = str(row.get("code")), wording_of(row)
    if wording is None:
        return {"code": code, "message": code, "fix_in": "support", "fix": "Ask your Hourbridge administrator."}
    message, fix_in, fix = sentence(row), wording.resolve_in, wording.fix.format_map(_facts(row))
    if code == Code.UNREADABLE:
        fix_in = SIDES.get(str(row.get("record")), "quickbooks")
    elif code == Code.QUICKBOOKS_REFUSED and not is_given_up(row):
        meaning = refusals.meaning(str(row.get("error") or ""))
        message = f"{message} In other words: {meaning.words}" if meaning.words else message
        fix_in, fix = meaning.resolve_in, meaning.fix
    return {"code": code, "message": message, "fix_in": fix_in, "fix": fix}


def cause(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what time with these stored reasons waits for first: a record as `user:id`, or a code; "" for none.

    Each entry has one cause, so that the hours of all causes add up to those that are held.
    """
    record = next((row for row in rows if row.get("kind") in RECORD_KINDS and row.get("id")), None)
    if record is not None:
        return f"{record['kind']}:{record['id']}"
    return str(rows[0].get("code", "")) if rows else ""


def duplicate_ids(row: Mapping[str, Any]) -> list[str]:
    """Return the ids of the activities that a stored ALREADY_IN_QUICKBOOKS names; none for other reasons."""
    return [key.strip() for key in str(row.get("twins", "")).split(",") if key.strip()]


def holds(codes: set[str]) -> bool:
    """Return True if people can unblock an entry with these reasons: none of them is a reason by rule."""
    return bool(codes) and not any(WORDINGS[code].by_rule for code in codes if code in WORDINGS)

"""What both vendors answer to the checklist: at most two requests each, and nothing is written.

The exception is an access token that has run out: the new tokens are saved, since the old ones no longer count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from integrations.clockify import connection as clockify_connection
from integrations.clockify import payloads as clockify_payloads
from integrations.errors import ApiError, ReconnectNeeded
from integrations.fields import SecretUnreadable
from integrations.http import asking
from integrations.models import ClockifyProject, Company, Customer, Employee, UnreadableRecord, Vendor, Workspace
from integrations.quickbooks import payloads, reading
from integrations.quickbooks.client import QuickBooksApiClient
from syncjobs.support.checklist.check_lines import log

Problem = ApiError | SecretUnreadable
# New users and customers; a new item or class is no new record of the help page.
NEW: Mapping[str, type[Any]] = {"Employee": Employee, "Vendor": Vendor, "Customer": Customer}


@dataclass
class VendorAnswers:
    """What each vendor answered, or why it could not be asked; `asked_at` is the time of this reading.

    `is_asked`: False where only what is known here counts.
    """

    asked_at: datetime
    is_asked: bool = True
    clockify_problem: Problem | None = None
    quickbooks_problem: Problem | None = None
    company_info: Mapping[str, Any] | None = None
    preferences: Mapping[str, Any] | None = None
    # What is not among the lists that were read: names by the kind of record; None where that could not be asked.
    new_in_quickbooks: dict[str, list[str]] | None = None
    new_projects: list[str] | None = None
    # Whether all projects were looked at, not the newest alone.
    all_projects: bool = False
    seen: list[asking.Seen] = field(default_factory=list)


def ask(workspace: Workspace) -> VendorAnswers:
    """Ask both vendors; whatever goes wrong with one of them is in the answers."""
    answers = VendorAnswers(timezone.now())
    with asking.without_a_trace() as unrecorded:
        answers.clockify_problem = _problem(lambda: _ask_clockify(workspace, answers))
        company = workspace.company
        if company is not None:
            answers.quickbooks_problem = _problem(lambda: _ask_quickbooks(company, answers))
    answers.seen = unrecorded.seen
    return answers


def _ask_clockify(workspace: Workspace, answers: VendorAnswers) -> None:
    if workspace.state == Workspace.State.DISCONNECTED:
        raise ReconnectNeeded("Clockify is not connected.", vendor="clockify")
    client = clockify_connection.client_for(workspace, mark_lost=False)
    rows, answers.all_projects = client.ask_with_projects()
    names = {key: clockify_payloads.decoded(name) for key, name in _names(rows, clockify_payloads, "name").items()}
    answers.new_projects = _unknown(names, ClockifyProject, "clockify_id", workspace=workspace)


def _ask_quickbooks(company: Company, answers: VendorAnswers) -> None:
    if company.state == company.LOST and not company.may_be_asked_again:
        # The same refused token is not shown to Intuit again and again.
        raise ReconnectNeeded(company.state_reason or "Intuit refuses the refresh token.", vendor="quickbooks")
    statements = {"Preferences": reading.SUBSCRIPTION_QUERIES["Preferences"]}
    statements |= reading.statements_of_new(company, list(NEW))
    answers.company_info, answered = QuickBooksApiClient(company).ask_with_queries(statements)
    if answered is None:
        return
    preferences = answered.pop("Preferences")
    if isinstance(preferences, ApiError):
        log.info("QuickBooks' preferences could not be read: %s", preferences.message)
    elif preferences:
        answers.preferences = preferences[0]
    if answered and not any(isinstance(rows, ApiError) for rows in answered.values()):
        answers.new_in_quickbooks = {
            entity: _unknown(_names(rows, payloads, "DisplayName"), NEW[entity], "quickbooks_id", company=company)
            for entity, rows in answered.items()
            if not isinstance(rows, ApiError)
        }


def _names(rows: Iterable[Any], vendor: Any, name: str) -> dict[str, str]:
    """Return names by id, as far as they can be read; `vendor`: the module that knows that vendor's records."""
    records = (row for row in rows if isinstance(row, Mapping))
    return {vendor.identifier(row): vendor.text(row.get(name)) for row in records}


def _unknown(names: Mapping[str, str], model: type[Any], key: str, **owner: Any) -> list[str]:
    """Return the names, given by id, of the records that are not among those we have; an id where there is none."""
    known = set(model._default_manager.filter(**owner, **{f"{key}__in": list(names)}).values_list(key, flat=True))
    # Those were read as well, and set aside.
    known |= set(UnreadableRecord.objects.filter(**owner).values_list("vendor_id", flat=True))
    return [name.strip() or record_id for record_id, name in names.items() if record_id and record_id not in known]


def _problem(work: Callable[[], None]) -> Problem | None:
    try:
        work()
    except (ApiError, SecretUnreadable) as problem:
        return problem
    except Exception as problem:
        log.info("A vendor could not be asked.", exc_info=True)
        return ApiError(f"It could not be asked: {type(problem).__name__}: {problem}", vendor="")
    return None

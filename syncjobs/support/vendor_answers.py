"""What both vendors answer to the checklist: at most two requests each, and nothing is written.

The exception is an access token that has run out: the new tokens are saved, since the old ones no longer count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from integrations.clockify import connection as clockify_connection
from integrations.errors import ApiError, ReconnectNeeded
from integrations.fields import SecretUnreadable
from integrations.http import asking
from integrations.models import Company, Workspace
from integrations.quickbooks.client import QuickBooksApiClient
from syncjobs.support.check_lines import log

Problem = ApiError | SecretUnreadable


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
    seen: list[asking.Seen] = field(default_factory=list)


def ask(workspace: Workspace) -> VendorAnswers:
    """Ask both vendors; whatever goes wrong with one of them is in the answers."""
    answers = VendorAnswers(timezone.now())
    with asking.without_a_trace() as unrecorded:
        answers.clockify_problem = _problem(lambda: _ask_clockify(workspace))
        company = workspace.company
        if company is not None:
            answers.quickbooks_problem = _problem(lambda: _ask_quickbooks(company, answers))
    answers.seen = unrecorded.seen
    return answers


def _ask_clockify(workspace: Workspace) -> None:
    if workspace.state == Workspace.State.DISCONNECTED:
        raise ReconnectNeeded("Clockify is not connected.", vendor="clockify")
    clockify_connection.client_for(workspace, mark_lost=False).check_connection()


def _ask_quickbooks(company: Company, answers: VendorAnswers) -> None:
    if company.state == company.LOST and not company.may_be_asked_again:
        # The same refused token is not shown to Intuit again and again.
        raise ReconnectNeeded(company.state_reason or "Intuit refuses the refresh token.", vendor="quickbooks")
    answers.company_info, answers.preferences = QuickBooksApiClient(company).ask_subscription()


def _problem(work: Callable[[], None]) -> Problem | None:
    try:
        work()
    except (ApiError, SecretUnreadable) as problem:
        return problem
    except Exception as problem:
        log.info("A vendor could not be asked.", exc_info=True)
        return ApiError(f"It could not be asked: {type(problem).__name__}: {problem}", vendor="")
    return None

"""One workspace in a word and a sentence: is it healthy, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integrations.models import Company, Workspace
from integrations.quickbooks import connection, subscription_policy
from syncjobs.display import badges, run_summary
from syncjobs.display.badges import StatusBadge
from syncjobs.display.formatting import in_hours, number
from syncjobs.models import Run
from syncjobs.pages.overview import request_estimate
from syncjobs.pages.overview.figures import Figures
from syncjobs.planning import inputs
from syncjobs.rules import reasons

# A worker that is alive takes a run within a second or two.
UNCLAIMED = timedelta(seconds=30)


@dataclass(frozen=True)
class Chip:
    """One piece of evidence: what QuickBooks said, and whether it speaks for the subscription."""

    text: str
    badge: StatusBadge


DECIDED = (("users", "People", "people"), ("clients", "Clients", "customers"), ("projects", "Projects", "customers"))
FITS = StatusBadge("fits", "check", "sent")
REFUSES = StatusBadge("does not fit", "close", "refused")
UNSTATED = StatusBadge("not stated", "help", "held")


@dataclass
class Card:
    workspace: Workspace
    figures: Figures
    decided: dict[str, dict[str, int]] = field(default_factory=dict)
    mirrored: list[tuple[int, str]] = field(default_factory=list)
    to_decide: int = 0
    unknown_for_people: int = 0
    last_check: Run | None = None
    last_sync: Run | None = None
    open_run: Run | None = None
    upcoming: list[str] = field(default_factory=list)
    # Names of all workspaces that send to its company: disconnecting concerns them all.
    sharing: list[str] = field(default_factory=list)

    @property
    def came_of_it(self) -> str:
        """What the last sync did, in a line; why it ended early is the card's own sentence."""
        return run_summary.result(self.last_sync) if self.last_sync is not None else ""

    @property
    def company(self) -> Company | None:
        return self.workspace.company

    @property
    def is_clockify_connected(self) -> bool:
        return self.workspace.state == Workspace.State.CONNECTED

    @property
    def is_quickbooks_connected(self) -> bool:
        return self.company is not None and self.company.state == Company.State.CONNECTED

    @property
    def is_connected(self) -> bool:
        return self.is_clockify_connected and self.is_quickbooks_connected

    @property
    def subscription(self) -> subscription_policy.SubscriptionStatus | None:
        """None while QuickBooks was not asked yet."""
        if self.company is None or self.company.plan_read_at is None:
            return None
        return connection.subscription_status(self.company)

    @property
    def requests_a_check(self) -> int:
        """Requests to Clockify, for workspaces whose budget is small; 0 where nobody has to count."""
        return request_estimate.check_requests(self.workspace) if request_estimate.is_small(self.workspace) else 0

    @property
    def requests_a_sync(self) -> int:
        return request_estimate.sync_requests(self.workspace)

    @property
    def chips(self) -> list[Chip]:
        company, status = self.company, self.subscription
        return evidence(company, status) if company is not None and status is not None else []

    @property
    def decisions(self) -> list[tuple[str, str, int, int]]:
        """Word, page, decided and all, for each kind."""
        found = []
        for kind, word, page in DECIDED:
            mapped, unmapped = self.decided[kind]["mapped"], self.decided[kind]["unmapped"]
            found.append((word, page, mapped, mapped + unmapped))
        return found

    @property
    def seen(self) -> str:
        """What Clockify listed: `12 users, 10 clients, 25 projects, ` or nothing."""
        return "".join(f"{number(count, nouns)}, " for count, nouns in self.mirrored)

    @property
    def is_in_order(self) -> bool:
        """Nothing to say that would need more than a line."""
        badge, _ = self.standing
        return badge is badges.WORKING and not self.to_decide and not self.open_run and self.last_sync is not None

    def no_worker(self, now: datetime) -> bool:
        """A run waits that nobody took: the worker is probably not running."""
        run = self.open_run
        if run is None or run.status != Run.Status.QUEUED:
            return False
        return now - (run.enqueued_at or run.created_at) > UNCLAIMED

    @property
    def many_missing(self) -> bool:
        """Whether the last run that read the entries found too many of them missing."""
        runs = [run for run in (self.last_check, self.last_sync) if run is not None]
        return bool(runs) and "MANY_MISSING" in max(runs, key=lambda run: run.pk).warnings

    @property
    def standing(self) -> tuple[StatusBadge, str]:
        """The state word and its sentence; the first that applies."""
        status = self.subscription
        if not self.is_connected:
            return badges.NOT_CONNECTED, self._not_connected()
        if status is not None and not status.supported:
            return badges.SENDING_OFF, f"{status.sentence} Checking for new users and customers still works."
        problem = self._problem(status)
        if problem:
            return badges.NEEDS_ATTENTION, problem
        return badges.WORKING, self._working()

    def _not_connected(self) -> str:
        found = [one.as_row() for one in inputs.connection_reasons(self.workspace) if one.code == "NOT_CONNECTED"]
        return reasons.sentence(found[0]) if found else ""

    def _problem(self, status: subscription_policy.SubscriptionStatus | None) -> str:
        if self.unknown_for_people:
            return f"{number(self.unknown_for_people, 'write,writes')} in doubt; say which activity it is."
        if self.figures.refused.entries:
            return f"QuickBooks refused {number(self.figures.refused.entries, 'entry,entries')}; each says why."
        for run in (self.last_sync, self.last_check):
            cut_short = run is not None and run.status == Run.Status.PARTIAL and bool(run.error_code)
            if run is not None and (cut_short or run.status in {Run.Status.FAILED, Run.Status.BLOCKED}):
                return f"{run} {run.get_status_display().lower()}: {run.error_message}"
        if self.many_missing:
            return "Many entries were missing from Clockify at once, so nothing was deleted."
        if status is not None and status.warning:
            return status.warning
        if self.workspace.pulled_at is None:
            return "Connected. Check for new users and customers to begin."
        return ""

    def _working(self) -> str:
        held = self.figures.held
        if self.to_decide:
            names = number(self.to_decide, "name to decide,names to decide")
            return f"{names}; {in_hours(held.minutes)} held." if held.entries else f"{names}, nothing held."
        sent = in_hours(self.figures.sent.minutes)
        rest = f"{in_hours(held.minutes)} held." if held.entries else "nothing held."
        return f"No name needs you. {sent} sent, {rest}"


def evidence(company: Company, status: subscription_policy.SubscriptionStatus) -> list[Chip]:
    """Plan, Payroll and subscription as QuickBooks said them."""
    sku = company.sku or "Plan not named"
    known = any(
        subscription_policy.same_sku(company.sku, one)
        for one in (*subscription_policy.SUPPORTED_SKUS, company.allow_sku)
    )
    chips = [Chip(sku, FITS if company.sku and known else REFUSES), Chip(*_payroll(company))]
    working = company.subscription in subscription_policy.WORKING_SUBSCRIPTIONS
    badge = FITS if working else UNSTATED if company.subscription == subscription_policy.RESTRICTED else REFUSES
    chips.append(Chip(company.subscription.capitalize() or "Subscription not stated", badge))
    if company.time_tracking is False:
        chips.append(Chip("Time tracking off", REFUSES))
    return chips


def _payroll(company: Company) -> tuple[str, StatusBadge]:
    if company.payroll is None:
        return "Payroll not stated", FITS if company.allow_unstated_payroll else UNSTATED
    return ("Payroll on", REFUSES) if company.payroll else ("Payroll off", FITS)

"""The front page's card of one workspace: its state, its figures, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integrations.models import ArchivedConnection, Company, ShrunkList, Workspace
from integrations.quickbooks import subscription_policy
from integrations.quickbooks.connecting import connection
from syncjobs.display import badges, run_summary
from syncjobs.display.badges import StatusBadge
from syncjobs.display.formatting import in_hours, number
from syncjobs.models import Reconciliation, Run
from syncjobs.pages import links
from syncjobs.pages.overview import request_estimate
from syncjobs.pages.overview.figures import Figure, Figures
from syncjobs.planning import inputs
from syncjobs.rules import reasons
from syncjobs.rules.codes import Code
from syncjobs.rules.reasons import Reason
from syncjobs.rules.steps.many_deletions import MANY_MISSING

# A worker that is alive takes a run within a second or two.
UNCLAIMED_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Chip:
    """One fact that QuickBooks gave about the subscription, and whether it fits."""

    text: str
    badge: StatusBadge


# Key of the counts, label, and page of the desk.
MAPPED_KINDS = (
    ("users", "People", "hourbridge:people"),
    ("clients", "Clients", "hourbridge:clients"),
    ("projects", "Projects", "hourbridge:projects"),
)
FITS = StatusBadge("fits", "check", "sent")
REFUSES = StatusBadge("not supported", "close", "refused")
UNSTATED = StatusBadge("not stated", "help", "held")


@dataclass
class Card:
    """One workspace with its figures, its last and open runs, and its upcoming ones."""

    workspace: Workspace
    figures: Figures
    decided: dict[str, dict[str, int]] = field(default_factory=dict)
    mirrored: list[tuple[int, str]] = field(default_factory=list)
    to_decide: int = 0
    unknown_for_people: int = 0
    # Why the default service item can't be used.
    broken_item: Reason | None = None
    # What to ask about the service item before the first time is sent; "" where nothing is to be asked.
    item_question: str = ""
    deletions: int = 0
    # Sent entries whose rate or link is another one today: told, and no reason to call the workspace ill.
    changed_since_sent: int = 0
    # Of a workspace without a company: the connection that was archived last.
    archived: ArchivedConnection | None = None
    changed_for_people: Figure = field(default_factory=Figure)
    shrunk: list[ShrunkList] = field(default_factory=list)
    # The last comparison, where nothing explains some of its time.
    not_explained: Reconciliation | None = None
    last_check: Run | None = None
    last_sync: Run | None = None
    open_run: Run | None = None
    upcoming: list[str] = field(default_factory=list)
    # Names of all workspaces that send to its company: disconnecting affects them all.
    sharing: list[str] = field(default_factory=list)

    @property
    def last_result(self) -> str:
        """The result of the last sync in a line; why it ended early is the card's own sentence."""
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
    def archived_link(self) -> str:
        """The page of the company whose connection was archived last, with its lists."""
        return links.page_of(self.archived.company) if self.archived else ""

    @property
    def may_ask_again(self) -> bool:
        """True where a side is lost and asking it again may help; a check asks before anything else."""
        rows = [row for row in (self.workspace, self.company) if row is not None]
        return any(row.may_be_asked_again for row in rows) and not any(
            row.state == row.State.DISCONNECTED for row in rows
        )

    @property
    def subscription(self) -> subscription_policy.SubscriptionStatus | None:
        """The subscription status by QuickBooks' last answer; None before the first reading."""
        if self.company is None or self.company.plan_read_at is None:
            return None
        return connection.subscription_status(self.company)

    @property
    def requests_a_check(self) -> int:
        """Requests that a check takes, where Clockify allows few; otherwise 0."""
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
        """Label, page, mapped and total for each kind."""
        rows = []
        for kind, label, page in MAPPED_KINDS:
            mapped, unmapped = self.decided[kind]["mapped"], self.decided[kind]["unmapped"]
            rows.append((label, page, mapped, mapped + unmapped))
        return rows

    @property
    def record_counts(self) -> str:
        """The counts of what Clockify listed, such as `12 users, 10 clients, 25 projects, `."""
        return "".join(f"{number(count, nouns)}, " for count, nouns in self.mirrored)

    @property
    def is_in_order(self) -> bool:
        """True where one line is enough for the card: nothing is wrong, open or left to decide."""
        badge, _ = self.status
        return badge is badges.WORKING and not self.to_decide and not self.open_run and self.last_sync is not None

    def no_worker(self, now: datetime) -> bool:
        """Return whether a run waits that no worker took; probably none is running."""
        run = self.open_run
        if run is None or run.status != Run.Status.QUEUED:
            return False
        return now - (run.enqueued_at or run.created_at) > UNCLAIMED_AFTER

    @property
    def broken_item_text(self) -> str:
        """The sentence of a default service item that can't be used; "" while nothing is wrong with it."""
        return reasons.sentence(self.broken_item.as_row()) if self.broken_item else ""

    @property
    def service_item_link(self) -> str:
        return links.rule(self.workspace.pk, "service_item")

    @property
    def many_missing(self) -> bool:
        """True where the last check found many sent entries gone, about which no sync has asked yet."""
        runs = [run for run in (self.last_check, self.last_sync) if run is not None]
        last = max(runs, key=lambda run: run.pk, default=None)
        return last is not None and last is self.last_check and MANY_MISSING in last.warnings

    @property
    def status(self) -> tuple[StatusBadge, str]:
        """The badge and its sentence; the first state that applies."""
        subscription = self.subscription
        if not self.is_connected:
            return badges.NOT_CONNECTED, self._not_connected()
        if subscription is not None and not subscription.supported:
            return badges.SENDING_OFF, f"{subscription.sentence} Checking for new users and customers still works."
        problem = self._problem(subscription)
        if problem:
            return badges.NEEDS_ATTENTION, problem
        return badges.WORKING, self._working()

    def _not_connected(self) -> str:
        known = {self.workspace.pk: self.archived} if self.archived else {}
        found = inputs.connection_reasons(self.workspace, archived_by_workspace=known)
        rows = [reason.as_row() for reason in found if reason.code == Code.NOT_CONNECTED]
        return reasons.sentence(rows[0]) if rows else ""

    def _problem(self, subscription: subscription_policy.SubscriptionStatus | None) -> str:
        if self.unknown_for_people:
            return f"{number(self.unknown_for_people, 'write,writes')} in doubt; choose the activity that matches."
        if self.figures.refused.entries:
            return f"QuickBooks refused {number(self.figures.refused.entries, 'entry,entries')}; each says why."
        if self.broken_item:
            return "New and edited time waits for a service item that can be used."
        if self.changed_for_people.entries:
            entries = number(self.changed_for_people.entries, "entry,entries")
            return f"{entries} changed after sending; decide what to do with each."
        for run in (self.last_sync, self.last_check):
            # A partial run without an error code reached its end; what was refused in it is told above.
            cut_short = run is not None and run.status == Run.Status.PARTIAL and bool(run.error_code)
            if run is not None and (cut_short or run.status in {Run.Status.FAILED, Run.Status.BLOCKED}):
                return f"{run} {run.get_status_display().lower()}: {run.error_message}"
        if self.shrunk:
            return f"{self.shrunk[0].sentence} Nothing was marked as gone."
        if self.deletions:
            return f"{number(self.deletions, 'deletion waits,deletions wait')} for you: so many at once need approval."
        if self.many_missing:
            return "Many entries are gone from Clockify; the next sync asks before it deletes their time."
        if subscription is not None and subscription.warning:
            return subscription.warning
        if self.workspace.pulled_at is None:
            return "Connected. Check for new users and customers to get started."
        return ""

    def _working(self) -> str:
        held = self.figures.held
        if self.to_decide:
            names = number(self.to_decide, "name to decide,names to decide")
            return f"{names}; {in_hours(held.minutes)} held." if held.entries else f"{names}, nothing held."
        sent = in_hours(self.figures.sent.minutes)
        held_text = f"{in_hours(held.minutes)} held." if held.entries else "nothing held."
        return f"All names are resolved. {sent} sent, {held_text}"


def evidence(company: Company, status: subscription_policy.SubscriptionStatus) -> list[Chip]:
    """Return plan, Payroll and subscription as QuickBooks gave them, each with whether it fits."""
    sku = company.sku or "Plan not named"
    known = any(
        subscription_policy.same_sku(company.sku, sku_name)
        for sku_name in (*subscription_policy.SUPPORTED_SKUS, company.allow_sku)
    )
    chips = [Chip(sku, FITS if company.sku and known else REFUSES), Chip(*_payroll(company))]
    working = company.subscription in subscription_policy.WORKING_SUBSCRIPTIONS
    badge = FITS if working else UNSTATED if company.subscription == subscription_policy.RESTRICTED else REFUSES
    chips.append(Chip(company.subscription.capitalize() or "Subscription not stated", badge))
    # None: QuickBooks did not say, which is no reason against sending.
    if company.time_tracking is False:
        chips.append(Chip("Time tracking off", REFUSES))
    return chips


def _payroll(company: Company) -> tuple[str, StatusBadge]:
    if company.payroll is None:
        return "Payroll not stated", FITS if company.allow_unstated_payroll else UNSTATED
    return ("Payroll on", REFUSES) if company.payroll else ("Payroll off", FITS)

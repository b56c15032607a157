"""The company's time activities, which are in no mirror of ours: asked for while a bundle is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Min

from integrations.clockify.row_buffer import RowBuffer
from integrations.errors import ApiError
from integrations.fields import SecretUnreadable
from integrations.models import TimeEntry, Workspace
from integrations.quickbooks import payloads
from integrations.quickbooks.client import QuickBooksApiClient
from syncjobs.models import Receipt
from syncjobs.support.bundle.texts import Texts
from syncjobs.support.checklist.vendor_answers import VendorAnswers

# A page of 1,000 is one metered call.
MAX_ACTIVITIES = 50_000
HEADERS = (
    *("id", "ours", "name_of", "person_id", "customer_id", "item_id", "txn_date", "minutes", "billable_status"),
    *("rate", "description", "sync_token", "created_at"),
)


class QuickBooksTime:
    """The activities from the first day on which entries may go, as QuickBooks has them; `problem`: why some lack."""

    def __init__(self, workspace: Workspace, answers: VendorAnswers, *, now: datetime) -> None:
        self.problem = ""
        self._not_answered = answers.quickbooks_problem
        self._company = workspace.company
        self._first = _first_day(workspace)
        # Where the night began, it may be the next day already.
        self._last = max(workspace.today(now), self._first) + timedelta(days=1)
        self.rows = RowBuffer(self._read())

    def _read(self) -> Iterator[Mapping[str, Any]]:
        company = self._company
        if company is None or company.state != company.State.CONNECTED:
            self.problem = "QuickBooks' time activities: the company is not connected."
            return
        if self._not_answered is not None:
            # It was asked just now; asking again would only take longer.
            self.problem = f"QuickBooks' time activities: {self._not_answered}"
            return
        where = f"TxnDate >= '{self._first.isoformat()}' and TxnDate <= '{self._last.isoformat()}'"
        try:
            rows = QuickBooksApiClient(company).query("TimeActivity", where)
            yield from (row for row in islice(rows, MAX_ACTIVITIES) if isinstance(row, Mapping))
            if next(rows, None) is not None:
                self.problem = f"QuickBooks' time activities after the first {MAX_ACTIVITIES:,}."
        except (ApiError, SecretUnreadable) as problem:
            self.problem = f"QuickBooks' time activities, or some of them: {problem}"

    def with_owners(self) -> Iterator[tuple[Mapping[str, Any], bool]]:
        """Yield each activity, and whether it has a receipt of ours."""
        for chunk in self.rows.chunks(500):
            ids = [payloads.identifier(row) for row in chunk]
            owned = Receipt.objects.owned_ids(self._company, ids) if self._company else set()
            yield from ((row, key in owned) for row, key in zip(chunk, ids, strict=True))

    def cells(self, texts: Texts) -> Iterator[dict[str, Any]]:
        """Yield the activities by header, for a CSV file."""
        for raw, is_ours in self.with_owners():
            activity = payloads.activity(raw)
            values = (
                *(activity.id, "yes" if is_ours else "no", activity.person_kind, activity.person_id),
                *(activity.customer_id, activity.item_id, activity.txn_date, activity.minutes),
                *(activity.billable_status, activity.rate, texts.description(activity.description)),
                *(activity.sync_token, activity.created_at.isoformat() if activity.created_at else ""),
            )
            shown = (texts.plain(value) if isinstance(value, str) else value for value in values)
            yield dict(zip(HEADERS, shown, strict=True))


def _first_day(workspace: Workspace) -> date:
    """Return the start date, or the day of the oldest entry where one was read from before it."""
    oldest = TimeEntry.objects.current(workspace).aggregate(oldest=Min("txn_date"))["oldest"]
    return min(workspace.start_date, oldest or workspace.start_date)

"""Writes to a vendor, saved with their exact body before the call and ended by what an answer or a reading proves."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations.database import DatabaseNow
from integrations.fields import ScrubbedTextField

CODE_LENGTH, TID_LENGTH = 60, 80


class WriteAhead(models.Model):
    """One write to a vendor, committed before its call: after a crash, an open one may have been carried out.

    A model of it adds `verb`, and `state` with its choices, since each kind of write has other ways to end.
    """

    company = models.ForeignKey("integrations.Company", models.CASCADE, related_name="%(class)ss")
    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="%(class)ss")
    request_id = models.UUIDField(default=uuid.uuid4, unique=True)
    body = models.TextField("exactly what is sent", help_text="Exactly what is sent, at each attempt.")
    quickbooks_id = models.CharField("QuickBooks id", max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField("requested")
    tried_at = models.DateTimeField("last tried", null=True, blank=True)
    ended_at = models.DateTimeField("completed", null=True, blank=True)
    error_code = models.CharField("error code", max_length=CODE_LENGTH, blank=True)
    error_message = ScrubbedTextField("error message", blank=True)
    intuit_tid = models.CharField("Intuit id (intuit_tid)", max_length=TID_LENGTH, blank=True)

    class Meta:
        abstract = True

    # Both are fields of each model.
    state: Any
    verb: Any

    @property
    def last_attempt_at(self) -> datetime:
        return self.tried_at or self.created_at

    @property
    def may_arrive_until(self) -> datetime:
        """The time until which a write without an answer may still be carried out: vendors time out long before."""
        return self.last_attempt_at + timedelta(seconds=settings.SETTLE_SECONDS)

    def may_still_arrive(self, *, read_from: datetime) -> bool:
        """Return True where a reading that began at this time may have come too early to find the write."""
        return read_from <= self.may_arrive_until

    def save_attempt(self, *, states: Sequence[str], **values: Any) -> bool:
        """Save one more attempt, and `values`, before its call. Returns True for one process, which may then send."""
        # Compare-and-swap on `attempts`: of two processes that take the write up again only one sends it.
        unclaimed = self._rows().filter(state__in=states, attempts=self.attempts)
        was_saved = unclaimed.update(attempts=self.attempts + 1, tried_at=DatabaseNow(), **values) == 1
        self.refresh_from_db()
        return was_saved

    def end(
        self,
        state: str,
        *,
        states: Sequence[str] = (),
        attempts: int | None = None,
        code: str | None = None,
        message: str | None = None,
        tid: str = "",
        **values: Any,
    ) -> bool:
        """End the write, unless it is in none of `states` any more, and return whether it did.

        `attempts`: those that are known; nothing is changed if another one was made since. Code and message of an
        earlier error stay where they are None, the vendor's id of the call where it is empty.
        """
        facts = self._answer(code, message, tid)
        return self._change(states, attempts, {"state": state, "ended_at": timezone.now(), **facts, **values})

    def note_unclear(
        self,
        *,
        states: Sequence[str] = (),
        attempts: int | None = None,
        code: str | None = None,
        message: str | None = None,
        tid: str = "",
        **values: Any,
    ) -> bool:
        """Note an error after which the outcome is unknown; the write stays open, to be looked for before all else."""
        return self._change(states, attempts, {**self._answer(code, message, tid), **values})

    def _answer(self, code: str | None, message: str | None, tid: str) -> dict[str, str]:
        # Cut to the columns' length: a vendor's codes and ids may be longer.
        facts = {"intuit_tid": (tid or self.intuit_tid)[:TID_LENGTH]}
        if code is not None:
            facts["error_code"] = code[:CODE_LENGTH]
        if message is not None:
            facts["error_message"] = message
        return facts

    def _rows(self) -> models.QuerySet[Any]:
        return type(self)._default_manager.filter(pk=self.pk)

    def _change(self, states: Sequence[str], attempts: int | None, values: dict[str, Any]) -> bool:
        rows = self._rows().filter(state__in=states) if states else self._rows()
        rows = rows.filter(attempts=attempts) if attempts is not None else rows
        was_changed = rows.update(**values) == 1
        if was_changed:
            for name, value in values.items():
                setattr(self, name, value)
        return was_changed

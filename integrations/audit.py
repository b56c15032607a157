"""The audit trail: what happened to a workspace or its connections, when, and by whom. Part of models."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models

from integrations.fields import ScrubbedTextField


class ConnectionEventQuerySet(models.QuerySet["ConnectionEvent"]):
    def record(
        self,
        kind: ConnectionEvent.Kind,
        message: str,
        *,
        at: datetime,
        workspace: Any = None,
        company: Any = None,
        by: Any = None,
    ) -> ConnectionEvent:
        """Save what happened, as a sentence; `by` is the person, None for Hourbridge itself and for commands."""
        return self.create(kind=kind, message=message, at=at, workspace=workspace, company=company, by=by)

    def record_once(self, kind: ConnectionEvent.Kind, message: str, *, at: datetime, **owner: Any) -> None:
        """Save what is found at each run, such as what nobody deleted yet, the first time alone."""
        self.get_or_create(kind=kind, message=message, **owner, defaults={"at": at})

    def newest(self) -> ConnectionEvent | None:
        """Return the latest event, with its person."""
        return self.select_related("by").order_by("-at", "-pk").first()


class ConnectionEvent(models.Model):
    """An event of a workspace or a company. Recorded with what it tells of, in one transaction, and never changed."""

    class Kind(models.TextChoices):
        """What happened, as lists name it. The column has no `choices`: older rows may have a kind of their own."""

        CLOCKIFY_CONNECTED = "clockify_connected", "Clockify connected"
        CLOCKIFY_LOST = "clockify_lost", "Clockify lost"
        CLOCKIFY_HEALED = "clockify_healed", "Clockify works again"
        AUTHORIZATION_STARTED = "quickbooks_set_out", "Signing in at Intuit"
        QUICKBOOKS_CONNECTED = "quickbooks_connected", "QuickBooks connected"
        QUICKBOOKS_LOST = "quickbooks_lost", "QuickBooks lost"
        QUICKBOOKS_HEALED = "quickbooks_healed", "QuickBooks works again"
        QUICKBOOKS_DISCONNECTED = "quickbooks_disconnected", "QuickBooks disconnected"
        QUICKBOOKS_ARCHIVED = "quickbooks_archived", "QuickBooks archived"
        LIST_SHRANK = "list_shrank", "List came back shorter"
        LIST_BELIEVED = "list_believed", "Shorter list confirmed"
        POLICY = "policy", "Rule changed"
        SCHEDULE = "schedule", "Schedule changed"
        LINE_RULE = "line_rule", "Line rule changed"
        LIMIT_LIFTED = "limit_lifted", "Wait ended"
        DELETIONS_KEPT = "deletions_kept", "Kept in QuickBooks"
        ADOPTED = "adopted", "Existing time adopted"
        DOUBT_DECIDED = "doubt_decided", "Unknown outcome decided"
        TRIED_AGAIN = "tried_again", "Allowed to be sent again"
        DOUBLE_DELETED = "double_deleted", "Duplicate deleted"
        DOUBLE_KEPT = "double_kept", "Duplicate left in QuickBooks"
        DOUBLE_BILLED = "double_billed", "Duplicate billed"
        SUPPORT_BUNDLE = "support_bundle", "Support bundle downloaded"

    workspace = models.ForeignKey(
        "integrations.Workspace", models.CASCADE, null=True, blank=True, related_name="events"
    )
    company = models.ForeignKey("integrations.Company", models.CASCADE, null=True, blank=True, related_name="events")
    at = models.DateTimeField("when", db_index=True)
    kind = models.CharField(max_length=40)
    message = ScrubbedTextField("what happened")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)

    objects = ConnectionEventQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind}"

    @property
    def title(self) -> str:
        """What happened in two or three words."""
        return event_title(self.kind)


def event_title(kind: str) -> str:
    """Return what happened in two or three words; a kind of an older version as it is, without underscores."""
    kinds = ConnectionEvent.Kind
    return str(kinds(kind).label) if kind in kinds.values else kind.replace("_", " ").capitalize()

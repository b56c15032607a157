"""The columns of a connection that may be lost and heal by itself, shared by workspaces and companies."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Connection(models.Model):
    """A connection to a vendor. `LOST` is its state while its own address refuses it; `SECRETS` names its secrets."""

    LOST: ClassVar[str]
    SECRETS: ClassVar[tuple[str, ...]]

    class LostBecause(models.TextChoices):
        REFUSED = "refused", "Its own address refused"
        INVALID_GRANT = "invalid_grant", "The token service refused the refresh token"

    lost_because = models.CharField(max_length=20, choices=LostBecause, blank=True)
    asked_again = models.PositiveIntegerField(default=0, help_text="How often it was asked again since it was lost.")
    ask_again_at = models.DateTimeField(
        "asked again automatically",
        null=True,
        blank=True,
        help_text="When it is asked again automatically; empty while lost: at once, or never again.",
    )

    class Meta:
        abstract = True

    @property
    def may_be_asked_again(self) -> bool:
        """True while it is lost and asking may help: the same refresh token is asked about only once more."""
        if self.state != self.LOST:  # type: ignore[attr-defined]
            return False
        return self.lost_because != self.LostBecause.INVALID_GRANT or self.asked_again == 0

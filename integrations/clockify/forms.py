"""The form that connects a workspace, and its field for a day."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from integrations.clockify import connection
from integrations.models import START_DATE_RULE
from integrations.typed_numbers import typed_day

IN_SETTINGS = "settings"


def regions() -> dict[str, tuple[str, str, str]]:
    """Return the choices by key: title, regular and reports address. Addresses are never typed into a page."""
    configured = (settings.CLOCKIFY_API_URL, settings.CLOCKIFY_REPORTS_URL)
    choices = {name: (name, *addresses) for name, addresses in connection.REGIONS.items()}
    if configured in connection.REGIONS.values():
        return choices
    host = urlsplit(configured[0]).netloc
    return {IN_SETTINGS: (f"As in this installation's settings ({host})", *configured), **choices}


def _region_choices() -> list[tuple[str, str]]:
    return [(key, title) for key, (title, _, _) in regions().items()]


class DayField(forms.DateField):
    """A day, picked from the browser's calendar, of a year that anything is read from."""

    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")

    def to_python(self, value: Any) -> date | None:
        day: date | None = super().to_python(value)
        try:
            return day and typed_day(day.isoformat())
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class ConnectClockify(forms.Form):
    api_key = forms.CharField(
        label="API key",
        max_length=200,
        help_text="In Clockify: your profile picture, Preferences, Advanced, Manage API keys.",
        # The key is not rendered into the page again when the form has errors.
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    region = forms.ChoiceField(label="Region", choices=_region_choices)
    workspace = forms.CharField(
        label="Workspace",
        max_length=250,
        required=False,
        help_text="ID or name; needed only if the key can see several.",
    )
    start_date = DayField(
        label="Send time from",
        required=False,
        help_text=f"{START_DATE_RULE} For a workspace that is already connected, it does not change.",
    )

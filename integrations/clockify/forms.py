"""The form that connects a workspace."""

from __future__ import annotations

from urllib.parse import urlsplit

from django import forms
from django.conf import settings

from integrations.clockify import connection
from integrations.models import START_DATE_RULE

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
    start_date = forms.DateField(
        label="Send time from",
        required=False,
        help_text=f"{START_DATE_RULE} For a workspace that is already connected, it does not change.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

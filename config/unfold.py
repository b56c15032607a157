"""Settings of the admin's theme, Unfold: its look and its menu."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse


def _static_url(name: str) -> Any:
    """Return a function for the URL of a static file, called per page: collectstatic may rename files."""
    return lambda request: static(f"hourbridge/{name}")


def _home_url(request: HttpRequest) -> str:
    return reverse("admin:index")


# One accent color.
BLUE = {
    "50": "#EEF1FD",
    "100": "#E0E6FB",
    "200": "#C6D0F8",
    "300": "#A3B3F2",
    "400": "#8A9DEE",
    "500": "#8A9DEE",
    "600": "#3A56D4",
    "700": "#3A56D4",
    "800": "#283B90",
    "900": "#243474",
    "950": "#171F45",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Hourbridge",
    "SITE_HEADER": "Hourbridge",
    "SITE_SUBHEADER": "Clockify to QuickBooks Online",
    "SITE_URL": _home_url,
    "SITE_ICON": _static_url("mark.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _static_url("mark.svg")}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": BLUE,
        "font": {"subtle-light": "#5D6879", "subtle-dark": "#A3ADBB"},
    },
    "STYLES": [_static_url("admin.css")],
    "SCRIPTS": [_static_url("anywhere.js")],
    "ACCOUNT": {"navigation": [{"title": "Your login", "link": "/accounts/"}]},
    "DASHBOARD_CALLBACK": "syncjobs.pages.overview.views.front_page",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "syncjobs.pages.navigation.sidebar",
    },
}

"""Texts as HTML, in whose form Clockify may send what people typed (the switches `clockify_entities_in_…`)."""

from __future__ import annotations

import html
from typing import Any

from sandbox.shared.http import Request, Response
from sandbox.shared.switches import Switches

DESCRIPTIONS = {"description"}
NAMES = {"name", "userName", "projectName", "clientName", "taskName", "note", "address"}
CHOICES = ("off", "descriptions", "all")


def with_entities(response: Response, request: Request, switches: Switches) -> Response:
    """Return the answer with the texts that the switch of its API names written as HTML."""
    in_report = request.path.startswith("/report/")
    chosen = switches["clockify_entities_in_reports" if in_report else "clockify_entities_in_api"]
    if chosen == "off" or response.status >= 400:
        return response
    names = DESCRIPTIONS if chosen == "descriptions" else DESCRIPTIONS | NAMES
    return Response(response.status, _escaped(response.body, names), response.headers)


def _escaped(value: Any, names: set[str]) -> Any:
    if isinstance(value, list):
        return [_escaped(part, names) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        name: html.escape(part) if name in names and isinstance(part, str) else _escaped(part, names)
        for name, part in value.items()
    }

"""Refuses addresses and forms with a NUL character, which PostgreSQL stores and compares in no text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

NUL = "\x00"
REFUSAL = "What was typed contains a NUL character, which no text has. Take it out and try again."


class RefuseNul:
    """Middleware. No person types a NUL, so that each page does not look for one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if NUL in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return _refused()
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """Look at a form once CSRF's check has read it."""
        values = (value for _, found in request.POST.lists() for value in found)
        return _refused() if request.method == "POST" and any(NUL in value for value in values) else None


def _refused() -> HttpResponse:
    return HttpResponseBadRequest(REFUSAL, content_type="text/plain; charset=utf-8")

"""A page instead of a failure where a stored secret can't be decrypted: a wrong key is for the operator to correct."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from integrations.fields import SecretUnreadable


class SayUnreadableSecret:
    """Middleware that answers 503 with a sentence when a view needs a secret that no key decrypts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, SecretUnreadable):
            return None
        return render(request, "secret_unreadable.html", {"problem": str(exception)}, status=503)

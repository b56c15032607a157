"""Reporting of errors to Sentry when SENTRY_DSN is set, without anything that could contain a secret."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import sentry_sdk
from sentry_sdk.integrations.argv import ArgvIntegration

from config import scrubber

# What an event may have. `extra` would bring arguments of the command line, `user` and `request` people's data.
EVENT_KEYS = (
    *("event_id", "timestamp", "level", "platform", "logger", "transaction", "release", "environment", "server_name"),
    *("message", "logentry", "exception", "threads", "breadcrumbs", "contexts", "fingerprint", "sdk", "modules"),
)
CONTEXTS = ("runtime", "os", "trace")
# Their `data` has whole addresses and command lines.
CRUMB_KEYS = ("timestamp", "type", "category", "level", "message")


def start(dsn: str, **options: Any) -> None:
    """Start reporting, without bodies, headers, cookies, people, local variables, arguments and environment.

    `options` of the SDK come on top, for tests.
    """
    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        traces_sample_rate=0.0,
        disabled_integrations=[ArgvIntegration()],
        before_send=cleaned,
        before_breadcrumb=cleaned_crumb,
        **options,
    )


def cleaned(event: Any, hint: Any = None) -> Any:
    """Return the event with what it may have, scrubbed; called by the SDK for each event before it is sent."""
    kept = {name: event[name] for name in EVENT_KEYS if name in event}
    kept["contexts"] = {name: value for name, value in (event.get("contexts") or {}).items() if name in CONTEXTS}
    request = event.get("request")
    if isinstance(request, dict):
        # Without the query, in which Intuit sends its code.
        kept["request"] = {"method": request.get("method"), "url": _without_query(str(request.get("url") or ""))}
    for trace in _stack_traces(kept):
        for frame in trace.get("frames") or ():
            frame.pop("vars", None)
    return scrubber.scrub_values(kept)


def cleaned_crumb(crumb: Any, hint: Any = None) -> Any:
    """Return a breadcrumb without its data."""
    return scrubber.scrub_values({name: crumb[name] for name in CRUMB_KEYS if name in crumb})


def _without_query(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}" if parts.scheme else parts.path


def _stack_traces(event: Any) -> list[Any]:
    values = [value for name in ("exception", "threads") for value in (event.get(name) or {}).get("values") or ()]
    return [value["stacktrace"] for value in values if isinstance(value, dict) and value.get("stacktrace")]

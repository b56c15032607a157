"""Reporting of errors to Sentry when SENTRY_DSN is set, without anything that could contain a secret."""

from __future__ import annotations

import sentry_sdk


def start(dsn: str) -> None:
    """Start reporting, without bodies, cookies, users and local variables: they contain tokens and keys."""
    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        traces_sample_rate=0.0,
    )

"""What the report tests share."""

from __future__ import annotations

import pytest

from tests.sandbox.clockify_client import ClockifyCaller


@pytest.fixture
def website(clockify: ClockifyCaller) -> str:
    """Return a project of the client Acme at 125.00 an hour."""
    client = clockify.put("clients", name="Acme")["id"]
    return clockify.put("projects", name="Website", clientId=client, hourlyRate=12500)["id"]

"""The review desk in a real browser: by mouse, by keys, and without scripts."""

from __future__ import annotations

from datetime import date, timedelta

from integrations.models import Workspace
from sandbox.clockify.state import ADMIN_KEY
from sandbox.datasets import REALM
from sandbox.server import Running
from tests.browser.screenshots import command


def connected(sandbox: Running) -> Workspace:
    """Both sides, read once."""
    command("connect_clockify", "--api-key", ADMIN_KEY)
    token = sandbox.world.quickbooks.issue_refresh_token(REALM)
    command("connect_quickbooks", "--realm", REALM, "--refresh-token", token)
    command("policy", f"start_date={date.today() - timedelta(days=40)}")
    command("check_for_new")
    return Workspace.objects.get()

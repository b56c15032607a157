"""The checklist of `doctor` and of the page *Diagnose*: the help page's headings, then the installation.

Nothing is written but the tokens of an access token that ran out (see `vendor_answers`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from integrations.models import Workspace
from syncjobs.support.checklist import check_connections, check_entries, check_installation, check_work, vendor_answers
from syncjobs.support.checklist.check_lines import Line, run_checks
from syncjobs.support.checklist.vendor_answers import VendorAnswers

Heartbeat = Callable[[], datetime | None]


def check_list(workspace: Workspace | None, *, heartbeat: Heartbeat, now: datetime, ask: bool = True) -> list[Line]:
    """Ask both vendors of the workspace, at most twice each, and return all lines; without one, only the second group.

    `heartbeat` returns the last sign of life of a worker. Without `ask` the lines say what is known here.
    """
    if workspace is None:
        return installation(None, VendorAnswers(now), heartbeat=heartbeat, now=now)
    answers = vendor_answers.ask(workspace) if ask else VendorAnswers(now, is_asked=False)
    return lines_of(workspace, answers, heartbeat=heartbeat, now=now)


def lines_of(workspace: Workspace, answers: VendorAnswers, *, heartbeat: Heartbeat, now: datetime) -> list[Line]:
    """Return all lines by what the vendors answered."""
    headings = [
        *check_connections.checks(workspace, answers, now),
        *check_entries.left_out_checks(workspace, now),
    ]
    return run_checks(headings) + installation(workspace, answers, heartbeat=heartbeat, now=now)


def installation(
    workspace: Workspace | None, answers: VendorAnswers, *, heartbeat: Heartbeat, now: datetime
) -> list[Line]:
    """Return the lines that a self-hosted installation needs, of one workspace or of all."""
    return run_checks(
        [
            ("in_doubt", lambda: check_entries.in_doubt(workspace, now)),
            ("refused", lambda: check_entries.refused(workspace, now)),
            ("schedule", lambda: check_work.schedule(workspace, now)),
            ("worker", lambda: check_work.worker(heartbeat(), now)),
            ("webhooks", check_work.webhooks),
            ("quota", lambda: check_work.quota(now)),
            ("settings", check_installation.settings_line),
            ("database", check_installation.database),
            ("migrations", check_installation.migrations),
            ("clock", lambda: check_installation.clock(answers.seen)),
            ("encryption", check_installation.encryption),
            ("backup_age", check_installation.backup_age),
            ("version", lambda: check_installation.version(now)),
        ]
    )

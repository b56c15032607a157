"""An entry's page has a check for each reason that can hold it."""

from __future__ import annotations

import pytest

from integrations.models import Workspace
from syncjobs.pages.entries import checks
from syncjobs.planning.context import load_context_for
from syncjobs.rules.reasons import WORDINGS
from tests.support.factories import TimeEntryFactory

# The page *Many deletions at once* is about sent time; checks that a rule adds stand only where the rule is on.
OTHER_PAGES, RULES = {"MANY_MISSING"}, {"NOT_APPROVED", "PERIOD_SIGNED"}


@pytest.mark.parametrize("code", sorted(set(WORDINGS) - OTHER_PAGES - RULES))
def test_each_reason_fails_a_check(workspace: Workspace, code: str) -> None:
    entry = TimeEntryFactory(workspace=workspace, client_id="client-acme", client_name="Acme")
    context = load_context_for(workspace, [entry.clockify_id], entry.txn_date, entry.txn_date)

    known = checks.KnownReasons(frozenset({code}), attempted=False)

    assert [check.code for check in checks.checks(workspace, entry, context, known) if check.mark == checks.FAILED] == [
        code
    ]

"""Numbers in addresses and forms that nobody's page wrote: a page or a sentence, never an error."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import Workspace
from tests.support.factories import WorkspaceFactory

# `str.isdigit` takes the first for a number, `int` does not; Python refuses to read the second.
ODD = ["²", "9" * 5000]


@pytest.fixture
def second(workspace: Workspace) -> Workspace:
    """Filters by workspace are there with two of them alone."""
    return WorkspaceFactory()


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", ["integrations_timeentry", "syncjobs_run", "integrations_connectionevent"])
def test_lists_narrowed_by_no_workspace_at_all(admin_client: Client, second: Workspace, name: str, odd: str) -> None:
    response = admin_client.get(reverse(f"admin:{name}_changelist"), {"workspace": odd, "cause": "user:1"})

    assert response.status_code < 500


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("people", {"verb": "undo", "decision": "ODD"}),
        ("people", {"verb": "ignore", "kind": "user", "id": "1", "version": "ODD.1.x"}),
        ("changed", {"verb": "override", "entry": "ODD"}),
        ("missing", {"verb": "keep", "asked_by": "ODD"}),
        ("uncertain-writes", {"verb": "leave_out", "action": "ODD"}),
        ("desk-write", {"look": "ODD"}),
        ("list-is-right", {"list": "ODD"}),
    ],
)
def test_forms_that_name_no_row(dana: Client, workspace: Workspace, name: str, form: dict[str, str], odd: str) -> None:
    posted = {key: value.replace("ODD", odd) for key, value in form.items()}

    assert dana.post(reverse(f"hourbridge:{name}", args=[workspace.pk]), posted).status_code < 500

"""The desk's rows, made from what is saved."""

from __future__ import annotations

import pytest

from integrations.models import Workspace
from mapping.desk.index import PEOPLE, TODO, Ref
from mapping.desk.rows import groups
from tests.support.factories import (
    ClockifyUserFactory,
    CompanyFactory,
    EmployeeFactory,
    MismatchFactory,
    VendorFactory,
    WorkspaceFactory,
)


@pytest.mark.django_db
@pytest.mark.parametrize(("detail", "name"), [({"quickbooks_kind": "vendor"}, "Ada LLC"), ({}, "Ada")])
def test_a_row_whose_link_ended_still_names_its_partner_of_either_kind(detail: dict[str, str], name: str) -> None:
    """Between a decision and the matching after it, the row says what it said of the link."""
    workspace: Workspace = WorkspaceFactory(company=CompanyFactory())
    user = ClockifyUserFactory(workspace=workspace, clockify_id="ada", name="Ada")
    EmployeeFactory(company=workspace.company, quickbooks_id="7", name="Ada")
    VendorFactory(company=workspace.company, quickbooks_id="7", name="Ada LLC")
    facts = {"kind": "user", "clockify_id": user.clockify_id, "quickbooks_id": "7", "suggestions": []}
    MismatchFactory(workspace=workspace, reason="EMPLOYEE_INACTIVE", detail=detail, **facts)

    (group,) = groups(workspace, [Ref(TODO, "user", "ada", reason="EMPLOYEE_INACTIVE")], tab=PEOPLE)

    assert group.rows[0].partner is not None and group.rows[0].partner.name == name

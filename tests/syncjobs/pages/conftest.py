"""The people who open the pages, and the workspace they see."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations import roles
from integrations.models import Workspace
from tests.support.factories import UserFactory, WorkspaceFactory

LOOK = (
    "integrations.view_workspace",
    "integrations.view_timeentry",
    "syncjobs.view_run",
)


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory()


@pytest.fixture
def dana(client: Client, db: None) -> Client:
    """Log in as somebody who may decide and start runs."""
    client.force_login(UserFactory.allowed(*LOOK, *roles.ACT_RIGHTS, username="dana"))
    return client


@pytest.fixture
def visitor(db: None) -> Client:
    """Log in as somebody who may look and do nothing."""
    visitor = Client()
    visitor.force_login(UserFactory.allowed(*LOOK, username="visitor"))
    return visitor

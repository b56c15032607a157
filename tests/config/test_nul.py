"""NUL characters in addresses and forms: PostgreSQL takes none, and would end the request with an error of ours."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from config.nul import REFUSAL
from tests.support.factories import WorkspaceFactory


@pytest.mark.parametrize("name", ["hourbridge:search", "hourbridge:desk-history"])
def test_an_address_with_a_nul_is_refused(admin_client: Client, name: str) -> None:
    workspace = WorkspaceFactory()
    address = reverse(name, args=[] if name.endswith("search") else [workspace.pk])

    answer = admin_client.get(address, {"q": "a\x00b", "kind": "user", "id": "a\x00b"})

    assert (answer.status_code, answer.content.decode()) == (400, REFUSAL)


def test_a_form_with_a_nul_is_refused(admin_client: Client) -> None:
    address = reverse("hourbridge:people", args=[WorkspaceFactory().pk])

    answer = admin_client.post(address, {"verb": "ignore", "kind": "user", "id": "1", "note": "a\x00b"})

    assert (answer.status_code, answer.content.decode()) == (400, REFUSAL)
    assert admin_client.post(address, {"verb": "ignore", "kind": "user", "id": "1", "note": "a b"}).status_code != 400

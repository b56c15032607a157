"""Ids in QuickBooks' words become names only where it is certain which record is meant."""

from __future__ import annotations

import pytest

from syncjobs.display import named_ids
from tests.support.factories import CustomerFactory, EmployeeFactory

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
DRAFT = {"person_kind": "employee", "person_id": "57", "customer_id": "57", "item_id": "3", "minutes": 60}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Customer 57 was made inactive", "Customer Acme:Site (57) was made inactive"),
        ("Employee id 57 not found", "Employee id Ada (57) not found"),
        ("Names element id 57 not found", "Names element id 57 not found"),
        ("Customer id: 58", "Customer id: 58"),
        ("Item 3 is gone", "Item 3 is gone"),
        ("The limit is 57 characters", "The limit is 57 characters"),
        ("customer 57.5", "customer 57.5"),
        ("", ""),
    ],
)
def test_named(words: str, expected: str) -> None:
    employee = EmployeeFactory(quickbooks_id="57", name="Ada")
    CustomerFactory(quickbooks_id="57", name="Site", full_name="Acme:Site", company=employee.company)
    keys = named_ids.keys_of(DRAFT)

    pieces = named_ids.named(words, keys, named_ids.rows_of(employee.company, keys))

    assert "".join(text for text, _ in pieces) == expected

"""A lookup that takes a collection as one parameter finds what `in` would, on either database."""

from __future__ import annotations

import pytest

from integrations.models import Employee
from tests.support.factories import EmployeeFactory

pytestmark = [pytest.mark.django_db, pytest.mark.each_case]

IDS = ["12", "O'Neil", 'a"b', "back\\slash", "{curly}", "a,b", "NULL", "%s", " 12", "Ａ\u2028é", ""]


@pytest.mark.parametrize("asked", [[], ["12"], IDS, [*IDS, *map(str, range(1000, 40_000))]], ids=len)
def test_long_lists_and_odd_signs_are_found(asked: list[str]) -> None:
    for quickbooks_id in IDS:
        EmployeeFactory(quickbooks_id=quickbooks_id)

    found = Employee.objects.filter(quickbooks_id__among=frozenset(asked))

    assert set(found.values_list("quickbooks_id", flat=True)) == set(asked) & set(IDS)


def test_a_nul_is_in_no_text_and_ends_none() -> None:
    for quickbooks_id in ("12", ""):
        EmployeeFactory(quickbooks_id=quickbooks_id)

    assert not Employee.objects.filter(quickbooks_id__among=frozenset({"12\x003", "\x00"})).exists()
    assert Employee.objects.filter(quickbooks_id__among=frozenset({"12\x003", "12"})).count() == 1

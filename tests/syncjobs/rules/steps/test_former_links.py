"""Time that was sent through links that their records gave back stays with its person and customer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.drafts.eligibility import Entry, MappingTable, Partner, ResolvedPartner
from syncjobs.rules.steps.former_links import with_former
from tests.support.values import ACME, EMPLOYEE, SITE, make_mapping_table, work

SENT = Draft("employee", "55", "8", "2026-03-04", 60, "Review", "80")
FORMER = make_mapping_table()
NOBODY = make_mapping_table(user=None, client=None, project=None)
OTHER = Partner("customer", "9", "Hall", "USD")


def linked(
    table: MappingTable = NOBODY, *, former: MappingTable = FORMER, sent: Draft = SENT, **changes: Any
) -> tuple[Partner | None, ...]:
    """Return the partners of an entry's user, client and project."""
    entry: Entry = work(**changes)
    found = with_former(table, former, entry, sent)
    records = (found.users, entry.user_id), (found.clients, entry.client_id), (found.projects, entry.project_id)
    return tuple(partners[key].partner if key in partners else None for partners, key in records)


def test_all_links_that_it_was_sent_through_count() -> None:
    assert linked() == (EMPLOYEE, ACME, SITE)


@pytest.mark.parametrize(
    ("former", "partners"),
    [
        (make_mapping_table(client=None, project=None), (EMPLOYEE, None, None)),
        (make_mapping_table(user=None, client=None), (None, None, SITE)),
        # No draft names a client's customer: without the project's nothing says that it was this one.
        (make_mapping_table(user=None, project=None), (None, None, None)),
    ],
    ids=["user", "project", "client"],
)
def test_one_link_counts_by_itself(former: MappingTable, partners: tuple[Partner | None, ...]) -> None:
    assert linked(former=former) == partners


@pytest.mark.parametrize(
    ("sent", "partners"),
    [
        (replace(SENT, person_id="56"), (None, ACME, SITE)),
        (replace(SENT, person_kind="vendor"), (None, ACME, SITE)),
        (replace(SENT, customer_id="9"), (EMPLOYEE, None, None)),
    ],
    ids=["another person", "another kind of person", "another customer"],
)
def test_a_link_to_somebody_else_than_it_was_sent_to_does_not(
    sent: Draft, partners: tuple[Partner | None, ...]
) -> None:
    assert linked(sent=sent) == partners


def test_a_link_without_a_partner_is_none() -> None:
    former = make_mapping_table(user=ResolvedPartner(), project=ResolvedPartner())

    assert linked(former=former) == (None, None, None)


def test_what_the_records_have_now_comes_first() -> None:
    bea = Partner("employee", "56", "Bea")
    now = make_mapping_table(user=ResolvedPartner(bea), client=None, project=ResolvedPartner(OTHER))

    # The project is somebody else's now, so its client's former link says nothing about this time.
    assert linked(now) == (bea, None, OTHER)
    assert linked(make_mapping_table(client=ResolvedPartner(ignored=True)))[1] is None


def test_the_client_of_a_project_that_is_still_linked_counts() -> None:
    assert linked(make_mapping_table(user=None, client=None)) == (EMPLOYEE, ACME, SITE)


def test_time_of_other_records_sees_no_difference() -> None:
    former = MappingTable(
        users={"zoe": ResolvedPartner(EMPLOYEE)},
        clients={"blau": ResolvedPartner(ACME)},
        projects={"hall": ResolvedPartner(SITE)},
    )

    assert with_former(NOBODY, former, work(), SENT) is NOBODY

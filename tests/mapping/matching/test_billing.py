"""Who is billed: the top-level customer above a partner, beside the client that Clockify names."""

from __future__ import annotations

import pytest

from mapping.matching.billing import Billing, chain, of_client, of_project
from tests.support.records import customer

CUSTOMERS = {
    record.id: record
    for record in (
        customer("1", "Acme & Sons"),
        customer("2", "Website", under="1"),
        customer("3", "Phase 1", under="2"),
        customer("4", "Tidewater Credit Union"),
        customer("5", "Website", under="4"),
        customer("6", "North", under="1"),
        customer("7", "circle", under="7"),
    )
}


@pytest.mark.parametrize(
    ("partner", "client", "client_customer", "billed"),
    [
        ("2", "Acme", "1", Billing("Acme & Sons")),
        ("3", "Acme", "1", Billing("Acme & Sons")),
        ("1", "Acme", "1", Billing("Acme & Sons")),  # a general project on the client itself
        ("5", "Acme", "1", Billing("Tidewater Credit Union", "Acme & Sons")),
        ("4", "Acme", "1", Billing("Tidewater Credit Union", "Acme & Sons")),
        ("2", "Acme North", "6", Billing("Acme & Sons:Website", "Acme & Sons:North")),
        ("5", "Acme", "", Billing("Tidewater Credit Union", "Acme")),
        ("5", "tidewater  credit union", "", Billing("Tidewater Credit Union")),
        ("4", "", "", Billing("Tidewater Credit Union")),
        ("5", "", "", Billing("Tidewater Credit Union", without_client=True)),
        ("99", "Acme", "1", None),
    ],
)
def test_a_project_bills_the_top_of_its_partner(
    partner: str, client: str, client_customer: str, billed: Billing | None
) -> None:
    client_partner = chain(CUSTOMERS, client_customer)

    assert of_project(chain(CUSTOMERS, partner), client=client, client_partner=client_partner) == billed


def test_it_is_said_in_a_sentence_and_differs_where_another_pays() -> None:
    usual, other = Billing("Acme"), Billing("Tidewater Credit Union", "Acme & Sons")

    assert (usual.sentence, usual.differs) == ("This time will be billed to Acme.", False)
    assert other.sentence == "This time will be billed to Tidewater Credit Union, not Acme & Sons."
    assert other.differs is True
    alone = Billing("Acme", without_client=True)
    assert alone.differs and alone.sentence == (
        "This time will be billed to Acme; the project has no client in Clockify."
    )


def test_a_customer_that_another_client_has_is_named_with_it() -> None:
    billed = of_client(chain(CUSTOMERS, "4"), other_clients=["Tidewater"])

    assert billed is not None and billed.differs
    assert (
        billed.sentence == "This time will be billed to Tidewater Credit Union, the customer of the client Tidewater."
    )
    assert of_client(chain(CUSTOMERS, "4"), other_clients=[]) == Billing("Tidewater Credit Union")
    assert of_client([], other_clients=["Tidewater"]) is None


def test_a_circle_of_parents_ends() -> None:
    assert len(chain(CUSTOMERS, "7")) == 5

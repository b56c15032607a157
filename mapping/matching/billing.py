"""Who is billed for the time of a project or client, and whether that is whom Clockify names. Pure.

QuickBooks bills the time of a sub-customer with the customers above it; the top-level one is named as who is billed.
By hand a record may be linked to any customer, so this is a sentence to read before pressing, never a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mapping.matching.index import shown_name
from mapping.matching.names import forgiving
from mapping.matching.records import QuickBooksRecord

# QuickBooks allows five levels of customers; the limit also ends a circle, should the mirror ever hold one.
MAX_LEVELS = 5


@dataclass(frozen=True, slots=True)
class Billing:
    """Who is billed. `instead_of`: whom Clockify names, where that is somebody else."""

    payer: str
    instead_of: str = ""
    without_client: bool = False  # a customer's sub-customer, for a project that has no client in Clockify
    other_client: str = ""  # another client that has this customer

    @property
    def differs(self) -> bool:
        """Return whether a person should look before pressing: another than the record's own client would pay."""
        return bool(self.instead_of or self.without_client or self.other_client)

    @property
    def sentence(self) -> str:
        if self.instead_of:
            return f"This time will be billed to {self.payer}, not {self.instead_of}."
        if self.without_client:
            return f"This time will be billed to {self.payer}; the project has no client in Clockify."
        if self.other_client:
            return f"This time will be billed to {self.payer}, the customer of the client {self.other_client}."
        return f"This time will be billed to {self.payer}."


def chain(customers: Mapping[str, QuickBooksRecord], customer_id: str) -> list[QuickBooksRecord]:
    """Return a customer and those above it, the top-level one first; empty for an unknown one."""
    found: list[QuickBooksRecord] = []
    while customer_id in customers and len(found) < MAX_LEVELS:
        found.insert(0, customers[customer_id])
        customer_id = customers[customer_id].parent_id
    return found


def of_project(
    partner: Sequence[QuickBooksRecord], *, client: str, client_partner: Sequence[QuickBooksRecord]
) -> Billing | None:
    """Return who is billed for a project that is linked to the last customer of the chain `partner`.

    `client`: the name of its client, "" for none; `client_partner`: the chain of that client's customer, empty while
    it has none.
    """
    if not partner:
        return None
    payer = shown_name(partner[0])
    if not client:
        return Billing(payer, without_client=len(partner) > 1)
    if not client_partner:
        # The client has no customer yet, so that only its name tells.
        belongs = any(forgiving(client, shown_name(customer)) for customer in partner)
        return Billing(payer, instead_of="" if belongs else client)
    if client_partner[-1].id in {customer.id for customer in partner}:
        return Billing(payer)
    if partner[0].id != client_partner[0].id:
        return Billing(payer, instead_of=_full_name(client_partner))
    return Billing(_full_name(partner), instead_of=_full_name(client_partner))


def of_client(partner: Sequence[QuickBooksRecord], *, other_clients: Sequence[str]) -> Billing | None:
    """Return who is billed for a client linked to that customer; `other_clients`: names of others linked to it."""
    if not partner:
        return None
    return Billing(shown_name(partner[0]), other_client=", ".join(other_clients))


def _full_name(customers: Sequence[QuickBooksRecord]) -> str:
    return ":".join(shown_name(customer) for customer in customers)

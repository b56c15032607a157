"""Links that a record gone from Clockify gave back: time that was sent through them stays theirs. Pure."""

from __future__ import annotations

from dataclasses import replace

from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.drafts.eligibility import UNLINKED, Entry, MappingTable


def with_former(table: MappingTable, former: MappingTable, entry: Entry, sent: Draft) -> MappingTable:
    """Return the table to resolve one entry by that was sent as `sent`: former links count where there is no link now.

    Only those to the person and the customer that the time was sent to: an entry that was moved to another record
    does not follow a link whose partner somebody else has by now.
    """
    if not (entry.user_id in former.users or entry.project_id in former.projects or entry.client_id in former.clients):
        return table
    users, clients, projects = {}, {}, {}
    person, customer = former.users.get(entry.user_id, UNLINKED), former.projects.get(entry.project_id, UNLINKED)
    if person.partner is not None and (person.partner.kind, person.partner.id) == (sent.person_kind, sent.person_id):
        users[entry.user_id] = person
    if customer.partner is not None and customer.partner.id == sent.customer_id:
        projects[entry.project_id] = customer
    # No draft names the customer of a client; where the project's is the one that was sent, its client's was too.
    project = table.projects.get(entry.project_id) or projects.get(entry.project_id, UNLINKED)
    if entry.client_id in former.clients and project.partner is not None and project.partner.id == sent.customer_id:
        clients[entry.client_id] = former.clients[entry.client_id]
    # What the record has now comes first: a link, or a person's decision to ignore it.
    for records, now, key in (
        (users, table.users, entry.user_id),
        (clients, table.clients, entry.client_id),
        (projects, table.projects, entry.project_id),
    ):
        if key in now:
            records[key] = now[key]
    return replace(table, users=users, clients=clients, projects=projects)

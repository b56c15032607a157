"""Names of the people and customers of a reconciliation, by key."""

from __future__ import annotations

from collections import Counter

from integrations.models import ClockifyUser, Company, Workspace
from integrations.quickbooks import payloads
from integrations.quickbooks.models import Customer, Employee, Vendor
from integrations.quickbooks.payloads import Activity
from integrations.unnamed import named
from mapping.matching.names import strip_deleted
from mapping.queries import all_links_of
from syncjobs.rules.drafts.eligibility import Entry
from syncjobs.rules.proof.reconciliation import Place

REFS = ("EmployeeRef", "VendorRef", "OtherNameRef")


def person_key(kind: str, quickbooks_id: str) -> str:
    return f"{kind}:{quickbooks_id}"


def customer_key(quickbooks_id: str) -> str:
    return f"customer:{quickbooks_id}" if quickbooks_id else ""


class Names:
    """People go by Clockify's name where they are linked, else by QuickBooks'; customers by their full name there."""

    def __init__(self, workspace: Workspace, company: Company) -> None:
        users = list(ClockifyUser.objects.filter(workspace=workspace).values_list("clockify_id", "name", "email"))
        shared = {name for name, count in Counter(name for _, name, _ in users).items() if count > 1}
        self._users = {key: f"{name} ({email})" if name in shared and email else name for key, name, email in users}
        self._people: dict[str, str] = {}
        for kind, model in (("employee", Employee), ("vendor", Vendor)):
            for key, name in model.objects.filter(company=company).values_list("quickbooks_id", "name"):
                self._people[person_key(kind, key)] = strip_deleted(name)
        customers = Customer.objects.filter(company=company).values_list("quickbooks_id", "full_name", "name")
        self._customers = {customer_key(key): strip_deleted(full_name or name) for key, full_name, name in customers}
        links = all_links_of(workspace).filter(kind="user", given_back_at=None).order_by("pk")
        self._linked: set[str] = set()
        for clockify_id, kind, key in links.values_list("clockify_id", "quickbooks_kind", "quickbooks_id"):
            self._linked.add(person_key(kind, key))
            if self._users.get(clockify_id):
                self._people[person_key(kind, key)] = self._users[clockify_id]

    def learn(self, activity: Activity, place: Place) -> None:
        """Take the names that an activity has itself for records that the mirror does not know."""
        if place.person not in self._people:
            names = [_ref_name(activity, name) for name in REFS]
            self._people[place.person] = next(filter(None, names), "")
        if place.customer not in self._customers:
            self._customers[place.customer] = _ref_name(activity, "CustomerRef")

    def user(self, entry: Entry) -> str:
        return self._users.get(entry.user_id) or named(entry.user_name, record_id=entry.user_id)

    def project(self, entry: Entry) -> str:
        """Return the key of a project without a customer, and learn its name, as `Client:Project`."""
        if not entry.project_id:
            return ""
        key = f"project:{entry.project_id}"
        name = entry.project_name or f"Project {entry.project_id}"
        self._customers[key] = f"{entry.client_name}:{name}" if entry.client_name else name
        return key

    def tracks_time(self, person: str) -> bool:
        """Return whether this employee or vendor is linked to a Clockify user."""
        return person in self._linked

    def name_person(self, key: str, name: str) -> None:
        self._people.setdefault(key, name)

    def of(self, place: Place) -> tuple[str, str]:
        """Return the names of person and customer; "" where there is none."""
        person = self._people.get(place.person) or place.person.replace(":", " ").strip().capitalize()
        customer = self._customers.get(place.customer) or place.customer.replace(":", " ").strip().capitalize()
        return person, customer

    def text(self, place: Place) -> str:
        person, customer = self.of(place)
        return f"{person}, {customer or 'no customer'}, {place.day:%Y-%m-%d}"


def _ref_name(activity: Activity, name: str) -> str:
    value = activity.raw.get(name)
    return payloads.text(value.get("name")) if isinstance(value, dict) else ""

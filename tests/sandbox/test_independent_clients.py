"""Third-party clients with the sandbox over HTTP: python-quickbooks and Intuit's own intuit-oauth.

They do not know Hourbridge, so they show where the sandbox suits only our own client.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects import CompanyInfo, Customer, Employee, Item, Preferences, Ref, TimeActivity, Vendor

from sandbox.data.datasets import REALM
from sandbox.server import Running

CALLBACK = "http://localhost:8000/connections/quickbooks/callback/"


@pytest.fixture
def auth(sandbox: Running) -> Iterator[AuthClient]:
    """Return Intuit's client; given an address as its environment, it looks for the discovery document there."""
    discovery = f"{sandbox.url}/.well-known/openid_configuration/"
    client = AuthClient("sandbox-client", "sandbox-secret", CALLBACK, discovery)
    yield client
    client.close()


@pytest.fixture
def connected(sandbox: Running, auth: AuthClient) -> AuthClient:
    """Return the client after consent, with the code exchanged for tokens."""
    redirect = _consent(auth.get_authorization_url([Scopes.ACCOUNTING]))
    auth.get_bearer_token(redirect["code"], realm_id=redirect["realmId"])
    return auth


@pytest.fixture
def books(sandbox: Running, connected: AuthClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickBooks]:
    """Return python-quickbooks on the sandbox's company."""
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{sandbox.url}/v3")
    client = QuickBooks(auth_client=connected, refresh_token=connected.refresh_token, company_id=REALM, minorversion=75)
    yield client
    client.session.close()


def _consent(address: str) -> dict[str, str]:
    """Press Connect on the consent page and return the redirect's parameters."""
    answer = requests.post(address, data={"realm": REALM, "choice": "connect"}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def _ref(record: Any) -> Ref:
    ref = Ref()
    ref.value = record.Id
    return ref


def _person(name: str, books: QuickBooks) -> Employee:
    employee = Employee()
    employee.DisplayName, employee.GivenName, _, employee.FamilyName = name, *name.partition(" ")
    return employee.save(qb=books)


def _customer(name: str, books: QuickBooks, parent: Customer | None = None) -> Customer:
    customer = Customer()
    customer.DisplayName = name
    if parent is not None:
        customer.Job, customer.ParentRef = True, _ref(parent)
    return customer.save(qb=books)


def _time(person: Employee, customer: Customer, day: int = 4, minutes: int = 15) -> TimeActivity:
    activity = TimeActivity()
    activity.NameOf, activity.EmployeeRef, activity.CustomerRef = "Employee", _ref(person), _ref(customer)
    activity.TxnDate, activity.Hours, activity.Minutes = f"2026-03-{day:02d}", 2, minutes
    activity.BillableStatus, activity.HourlyRate, activity.Description = "Billable", 80, "Review"
    return activity


def test_intuits_client_gets_tokens_by_consent_renews_and_revokes_them(auth: AuthClient) -> None:
    redirect = _consent(auth.get_authorization_url([Scopes.ACCOUNTING, Scopes.OPENID], state_token="mine"))
    assert redirect["state"] == "mine"
    auth.get_bearer_token(redirect["code"], realm_id=redirect["realmId"])
    first = auth.access_token
    assert auth.realm_id == REALM and auth.expires_in == 3600

    auth.refresh()
    assert auth.access_token != first
    assert auth.get_user_info().json()["emailVerified"] is True

    assert auth.revoke() is True
    with pytest.raises(AuthClientError, match="invalid_grant"):
        auth.refresh()


def test_intuits_client_is_refused_with_a_code_it_used_before(auth: AuthClient) -> None:
    redirect = _consent(auth.get_authorization_url([Scopes.ACCOUNTING]))
    auth.get_bearer_token(redirect["code"])

    with pytest.raises(AuthClientError) as refusal:
        auth.get_bearer_token(redirect["code"])

    assert refusal.value.status_code == 400 and "invalid_grant" in str(refusal.value.content)


def test_time_is_created_read_changed_and_deleted(books: QuickBooks) -> None:
    ada, acme = _person("Ada Roe", books), _customer("Acme", books)
    site = _customer("Site", books, acme)

    activity = _time(ada, site).save(qb=books)
    assert (activity.Hours, activity.Minutes, activity.SyncToken) == (2, 15, "0")
    assert activity.CustomerRef.name == "Acme:Site"

    activity.Minutes, activity.Description = 45, "Review, second round"
    changed = activity.save(qb=books)
    assert TimeActivity.get(activity.Id, qb=books).Minutes == 45 and changed.SyncToken == "1"

    changed.delete(qb=books)
    with pytest.raises(ObjectNotFoundException):
        TimeActivity.get(activity.Id, qb=books)


def test_a_request_id_sent_twice_makes_one_record(books: QuickBooks) -> None:
    ada, acme = _person("Ada Roe", books), _customer("Acme", books)

    activities = [_time(ada, acme).save(qb=books, request_id="9b8d1f34") for _ in range(2)]

    assert activities[0].Id == activities[1].Id and TimeActivity.count(qb=books) == 1


def test_records_are_found_by_query(books: QuickBooks) -> None:
    ada, acme = _person("Ada Roe", books), _customer("Acme & Söhne's", books)
    for day in (3, 4, 5):
        _time(ada, acme, day).save(qb=books)

    assert [customer.Id for customer in Customer.filter(DisplayName="Acme & Söhne's", qb=books)] == [acme.Id]
    assert {employee.Id for employee in Employee.choose([ada.Id], qb=books)} == {ada.Id}
    activities = TimeActivity.where("TxnDate >= '2026-03-04' and TxnDate <= '2026-03-05'", order_by="Id", qb=books)
    assert [activity.TxnDate for activity in activities] == ["2026-03-04", "2026-03-05"]
    assert TimeActivity.query("select * from TimeActivity startposition 3 maxresults 2", qb=books)[0].Hours == 2
    assert TimeActivity.count("TxnDate = '2026-03-05'", qb=books) == 1
    assert {item.Name for item in Item.all(qb=books)}


def test_the_company_says_what_it_is(books: QuickBooks) -> None:
    info = CompanyInfo.get(REALM, qb=books)
    preferences = Preferences.get(qb=books)

    assert {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"} in info.NameValue
    assert preferences.TimeTrackingPrefs is not None


def test_a_batch_creates_updates_and_deletes(books: QuickBooks) -> None:
    ada, acme = _person("Ada Roe", books), _customer("Acme", books)

    created = batch_create([_time(ada, acme, 2 + number % 20, number) for number in range(35)], qb=books)
    assert len(created.successes) == 35 and not created.faults

    for activity in created.successes:
        activity.Hours = 3
    changed = batch_update(created.successes, qb=books)
    assert {activity.Hours for activity in changed.successes} == {3}

    changed.successes[0].SyncToken = "0"
    deleted = batch_delete(changed.successes[:5], qb=books)
    assert len(deleted.successes) == 4
    assert [fault.Error[0].code for fault in deleted.faults] == ["5010"]


def test_changes_are_captured(books: QuickBooks) -> None:
    since = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=5)
    ada, acme = _person("Ada Roe", books), _customer("Acme", books)
    vendor = Vendor()
    vendor.DisplayName = "Vic"
    vendor.save(qb=books)
    acme.Active = False
    acme.save(qb=books)

    changes = change_data_capture([Customer, Employee, Vendor, Item], f"{since.isoformat()}+00:00", qb=books)

    assert [employee.Id for employee in changes.Employee._object_list] == [ada.Id]
    assert [customer.Active for customer in changes.Customer._object_list] == [False]
    assert [vendor.DisplayName for vendor in changes.Vendor._object_list] == ["Vic"]


def test_refusals_come_as_the_clients_exceptions(books: QuickBooks) -> None:
    ada, acme = _person("Ada Roe", books), _customer("Acme", books)
    activity = _time(ada, acme)
    activity.CustomerRef.value = "99999"

    with pytest.raises(ValidationException) as unknown:
        activity.save(qb=books)
    with pytest.raises(QuickbooksException) as twice:
        _customer("Acme", books)
    books.session.token = {"access_token": "worn out"}
    with pytest.raises(AuthorizationException):
        Customer.all(qb=books)

    assert (unknown.value.error_code, twice.value.error_code) == (2500, 6240)

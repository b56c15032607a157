"""The fields of the vendors' records that a bundle holds: those that our rules read, and nothing else of a person.

Postal addresses, telephone numbers, tax and bank numbers, notes and the like stay out, with or without names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations.clockify import payloads
from syncjobs.support.bundle.texts import Texts

Spec = Mapping[str, Any]
# What a field's texts are; a nested Spec is an object, or a list of such.
PLAIN, NAME, EMAIL, DESCRIPTION = "plain", "name", "email", "description"

_IDS = {"id": PLAIN, "_id": PLAIN, "get_id": PLAIN}
_RATE = {"amount": PLAIN, "currency": PLAIN}
_MEMBERSHIP = dict.fromkeys(("userId", "targetId", "membershipType", "membershipStatus"), PLAIN)
USER: Spec = {
    **_IDS,
    "name": NAME,
    "email": EMAIL,
    "status": PLAIN,
    "settings": {"timeZone": PLAIN},
    "memberships": _MEMBERSHIP,
}
CLIENT: Spec = {**_IDS, "name": NAME, "archived": PLAIN, "currencyCode": PLAIN, "workspaceId": PLAIN}
PROJECT: Spec = {
    **_IDS,
    "name": NAME,
    "clientName": NAME,
    "client": {**_IDS, "name": NAME},
    **dict.fromkeys(("archived", "clientId", "billable", "workspaceId"), PLAIN),
}
ENTRY: Spec = {
    **_IDS,
    "description": DESCRIPTION,
    "timeInterval": {"start": PLAIN, "end": PLAIN, "duration": PLAIN},
    "userName": NAME,
    "userEmail": EMAIL,
    "projectName": NAME,
    "clientName": NAME,
    "taskName": NAME,
    "tags": {**_IDS, "name": NAME},
    "user": {**_IDS, "name": NAME},
    "project": {**_IDS, "name": NAME, "clientId": PLAIN, "clientName": NAME},
    "invoicingInfo": {"invoiceId": PLAIN, "manuallyInvoiced": PLAIN},
    "hourlyRate": _RATE,
    **dict.fromkeys(("userId", "projectId", "clientId", "taskId", "tagIds", "billable", "type", "currency"), PLAIN),
    **dict.fromkeys(("rate", "amount", "earnedRate", "earnedAmount", "approvalRequestId"), PLAIN),
    **dict.fromkeys(("isLocked", "locked"), PLAIN),
}
CLOCKIFY = {"user": USER, "client": CLIENT, "project": PROJECT, "entry": ENTRY}

_REF = {"value": PLAIN}
_OWN = {
    **dict.fromkeys(("domain", "sparse", "Id", "SyncToken", "Active", "status"), PLAIN),
    "MetaData": {"CreateTime": PLAIN, "LastUpdatedTime": PLAIN},
}
PERSON: Spec = {**_OWN, "DisplayName": NAME, "PrimaryEmailAddr": {"Address": EMAIL}}
CUSTOMER: Spec = {
    **PERSON,
    "FullyQualifiedName": NAME,
    "ParentRef": _REF,
    "CurrencyRef": _REF,
    **dict.fromkeys(("Job", "IsProject", "Level", "BillWithParent"), PLAIN),
}
ITEM: Spec = {**_OWN, "Name": NAME, "FullyQualifiedName": NAME, "Type": PLAIN, "ParentRef": _REF}
ACTIVITY: Spec = {
    **_OWN,
    "Description": DESCRIPTION,
    **dict.fromkeys(("NameOf", "TxnDate", "BillableStatus", "HourlyRate", "StartTime", "EndTime"), PLAIN),
    **dict.fromkeys(("Hours", "Minutes", "Seconds", "BreakHours", "BreakMinutes", "BreakSeconds"), PLAIN),
    **dict.fromkeys(("EmployeeRef", "VendorRef", "OtherNameRef", "CustomerRef", "ItemRef"), _REF),
}
QUICKBOOKS = {"employee": PERSON, "vendor": PERSON, "customer": CUSTOMER, "item": ITEM, "activity": ACTIVITY}


def clockify(kind: str, raw: Any, texts: Texts) -> Any:
    """Return a record of Clockify, whose texts may be written with entities."""
    return _taken(raw, CLOCKIFY[kind], texts, payloads.decoded)


def quickbooks(kind: str, raw: Any, texts: Texts) -> Any:
    """Return a record of QuickBooks, whose texts are taken as they are."""
    return _taken(raw, QUICKBOOKS[kind], texts, str)


def _taken(value: Any, spec: Any, texts: Texts, meaning: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return _text(value, spec, texts, meaning)
    if isinstance(value, list):
        return [_taken(item, spec, texts, meaning) for item in value]
    if isinstance(value, Mapping):
        # Of an object where there should be none, that it is one is all that reading says.
        fields = spec if isinstance(spec, Mapping) else {}
        return {name: _taken(value[name], kind, texts, meaning) for name, kind in fields.items() if name in value}
    return value


def _text(value: str, kind: Any, texts: Texts, meaning: Callable[[str], str]) -> str:
    if kind == DESCRIPTION:
        return texts.description(value, meaning=meaning(value))
    if kind == PLAIN:
        return texts.plain(value)
    return texts.email(value) if kind == EMAIL else texts.name(value)

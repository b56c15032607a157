"""Pull of employees, vendors, customers, items, classes and locations into the mirror, inactive ones included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from integrations.quickbooks import payloads
from integrations.quickbooks import reading as lists_of
from integrations.quickbooks.client import QuickBooksApiClient, quoted
from integrations.quickbooks.models import Class, Company, Customer, Department, Employee, Item, Listed, Vendor
from integrations.reading import mirror, unreadable, values
from integrations.reading.mirror import MirroredList
from integrations.reading.unreadable import Reading
from integrations.reading.values import Columns, Raw

# Widths of columns that are only shown.
FULL_NAME_LENGTH, TYPE_LENGTH = 2500, 40
ReadColumns = Callable[[Raw], Columns]
# By list: the name of its counts, and the columns whose difference counts as a change.
WATCHED: Mapping[type[Listed], tuple[str, tuple[str, ...]]] = {
    Employee: ("employees", ("name", "active", "email")),
    Vendor: ("vendors", ("name", "active", "email")),
    Customer: ("customers", ("name", "active", "parent_id", "currency")),
    Item: ("items", ("name", "active", "type")),
    Class: ("classes", ("name", "active", "full_name")),
    Department: ("locations", ("name", "active", "full_name")),
}


def pull_lists(
    company: Company,
    client: QuickBooksApiClient,
    *,
    reading: Reading,
    now: datetime,
    with_subscription: bool = False,
) -> tuple[dict[str, mirror.Counts], Mapping[str, Mapping[str, Any]]]:
    """Read the company's lists, then write each in one transaction.

    Return the counts by list, and the subscription's records where requested. Records that can't be read are noted in
    `reading` and listed for people; they are not gone. Raises ApiError.
    """
    lists = lists_of.lists_of(company)
    read = lists_of.read(company, client, with_subscription=with_subscription, now=now)
    counts = {}
    for entity, model in lists.items():
        name, kind, columns = WATCHED[model][0], entity.lower(), _columns_of(model)
        if entity in read.whole:
            counts[name] = _store_whole(company, model, read.whole[entity], reading=reading, now=now)
        elif entity in read.changes:
            changes = read.changes[entity]
            gone = [payloads.identifier(raw) for raw in changes if payloads.is_deleted(raw)]
            rows = _columns_by_id(reading, kind, [raw for raw in changes if not payloads.is_deleted(raw)], columns)
            unreadable.keep(reading, company, (kind,), now=now, read_ids={*rows, *gone})
            counts[name] = mirror.store_changes(_kept(company, model), rows, gone=gone, now=now)
        _date_inactivity(model, company, now)
    # Changes are trusted for a day from here on, so this is only set when nothing was read as changes.
    whole_lists: Columns = {} if read.changes else {"lists_read_at": now}
    if company.shrunk_lists.exists():
        # The next reading has to be whole as well, since changes never say what a list lost.
        whole_lists = {"lists_read_at": None}
    Company.objects.filter(pk=company.pk).update(pulled_at=now, changes_read_to=read.server_time, **whole_lists)
    return counts, read.subscription


def pull_new_lists(
    company: Company,
    client: QuickBooksApiClient,
    counts: dict[str, mirror.Counts],
    *,
    reading: Reading,
    now: datetime,
) -> None:
    """Read classes and locations where their use is new by the preferences that came along with the other lists.

    `counts` are those of the lists that were read; these are added. Raises ApiError.
    """
    for entity, model in lists_of.lists_of(company).items():
        name, _ = WATCHED[model]
        if name not in counts and entity in lists_of.OPTIONAL_LISTS:
            read = lists_of.ListReading()
            lists_of.read_whole(client, read, entity)
            if entity in read.whole:
                counts[name] = _store_whole(company, model, read.whole[entity], reading=reading, now=now)


def _store_whole(
    company: Company, model: type[Listed], records: Iterable[Any], *, reading: Reading, now: datetime
) -> mirror.Counts:
    kind = model.__name__.lower()
    rows = _columns_by_id(reading, kind, records, _columns_of(model))
    counts = mirror.store(
        _kept(company, model),
        rows,
        now=now,
        listed=reading.ids(kind),
        is_whole=reading.is_whole(kind),
    )
    unreadable.keep(reading, company, (kind,), now=now)
    return counts


def _kept(company: Company, model: type[Listed]) -> MirroredList:
    return MirroredList(model, {"company": company}, "quickbooks_id", WATCHED[model][1])


def _columns_of(model: type[Listed]) -> ReadColumns:
    by_model: Mapping[type[Listed], ReadColumns] = {
        Customer: _customer,
        Item: _item,
        Class: _nested,
        Department: _nested,
    }
    return by_model.get(model, _person)


def _columns_by_id(reading: Reading, kind: str, records: Iterable[Any], columns: ReadColumns) -> dict[str, Columns]:
    def parse(raw: Any) -> tuple[str, Columns]:
        return values.identifier(values.record(raw), "Id"), columns(raw)

    return dict(read for read, _ in reading.each(kind, records, parse, id_of=payloads.identifier))


def refresh_records(
    company: Company, client: QuickBooksApiClient, model: type[Listed], ids: list[str], now: datetime
) -> None:
    """Read single records again after QuickBooks refused a reference; unknown ones are marked as gone."""
    columns = _columns_of(model)
    id_list = ", ".join(quoted(record_id) for record_id in ids)
    records = client.query(model.__name__, f"Id in ({id_list}) and {lists_of.EVERYBODY}")
    single = Reading()
    columns_by_id = _columns_by_id(single, model.__name__.lower(), records, columns)
    for record_id in ids:
        if record_id in single.ids(model.__name__.lower()):
            continue
        row = model._default_manager.filter(company=company, quickbooks_id=record_id)
        row.update(
            **({**columns_by_id[record_id], "last_seen_at": now} if record_id in columns_by_id else {"gone_at": now})
        )
    _date_inactivity(model, company, now)


def keep_record(company: Company, model: type[Any], raw: Raw, *, now: datetime) -> str:
    """Store one record in the mirror as QuickBooks answered it, new or known; return its id."""
    columns = _columns_of(model)
    values = {**columns(raw), "last_seen_at": now, "gone_at": None}
    model._default_manager.update_or_create(
        company=company,
        quickbooks_id=str(raw["Id"]),
        defaults=values,
        create_defaults={**values, "first_seen_at": now},
    )
    _date_inactivity(model, company, now)
    return str(raw["Id"])


def _date_inactivity(model: type[Listed], company: Company, now: datetime) -> None:
    """Set `inactive_since` to when we first saw a record inactive; QuickBooks does not report a date."""
    rows = model._default_manager.filter(company=company)
    rows.filter(active=False, inactive_since=None).update(inactive_since=now)
    rows.filter(active=True).exclude(inactive_since=None).update(inactive_since=None)


def _common_columns(raw: Raw, name: str) -> Columns:
    return {
        "name": values.text(raw, name, longest=values.NAME_LENGTH),
        "active": payloads.active_flag(raw),
        "raw": dict(raw),
    }


def _person(raw: Raw) -> Columns:
    address = values.text(values.nested(raw, "PrimaryEmailAddr"), "Address", longest=values.EMAIL_LENGTH)
    return {**_common_columns(raw, "DisplayName"), "email": address}


def _customer(raw: Raw) -> Columns:
    return {
        **_common_columns(raw, "DisplayName"),
        "parent_id": payloads.ref_id(raw, "ParentRef"),
        # Only shown.
        "full_name": payloads.text(raw.get("FullyQualifiedName"))[:FULL_NAME_LENGTH],
        "currency": payloads.currency(raw),
        "is_project": payloads.yes_no(raw.get("IsProject")) is True,
    }


def _nested(raw: Raw) -> Columns:
    # The full name is only shown.
    full_name = payloads.text(raw.get("FullyQualifiedName"))[:FULL_NAME_LENGTH]
    return {**_common_columns(raw, "Name"), "full_name": full_name}


def _item(raw: Raw) -> Columns:
    return {**_nested(raw), "type": payloads.text(raw.get("Type"))[:TYPE_LENGTH]}

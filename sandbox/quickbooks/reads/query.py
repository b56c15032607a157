"""Queries on a company's records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timezone
from typing import Any

from sandbox.quickbooks.call import Call
from sandbox.quickbooks.checks.fields import FIELDS, FILTERABLE
from sandbox.quickbooks.companies.company import FORMS, LISTS, Company, Record
from sandbox.quickbooks.present import company_info, preferences, presented
from sandbox.quickbooks.reads.query_parser import Condition, Query, parse, validation_fault
from sandbox.quickbooks.stamps import pacific_offset
from sandbox.shared.odd_answers import endless

MAX_ROWS = 1000
TIME_REFS = ("EmployeeRef", "VendorRef", "CustomerRef")
Test = Callable[[Record], bool]


def run(call: Call, statement: str) -> dict[str, Any]:
    """Return the QueryResponse of a statement, or raise QuickBooksFault 4000 or 4001."""
    query = parse(statement)
    entity = _entity(query.entity)
    conditions = [_checked(call, entity, condition) for condition in query.conditions]
    order = [(_column(call, entity, name), descending) for name, descending in query.order]
    if query.size > MAX_ROWS and call.switches["maxresults_over_1000"] == "error":
        raise validation_fault(f"value {query.size} is too large. Max allowed value is {MAX_ROWS}")
    rows = _selected(call.company, entity, conditions)
    if query.count:
        return {"QueryResponse": {"totalCount": len(rows)}}
    return _page(call, entity, _ordered(call, entity, rows, order), query)


def _page(call: Call, entity: str, rows: list[Record], query: Query) -> dict[str, Any]:
    size = min(query.size, MAX_ROWS)
    page = rows[query.start - 1 : query.start - 1 + size]
    if call.request.notes.get("pages"):
        page = endless(rows, call.request.notes["pages"], start=query.start - 1, size=size, key="Id")
    if not page:
        return {"QueryResponse": {}}
    shown = [presented(call.company, entity, record) for record in page]
    return {"QueryResponse": {entity: shown, "startPosition": query.start, "maxResults": len(page)}}


def _entity(word: str) -> str:
    for entity in FILTERABLE:
        if entity.lower() == word.lower():
            return entity
    raise validation_fault(f"invalid context declaration: {word}")


def _column(call: Call, entity: str, word: str) -> str:
    """Return the property's right spelling; 4001 when it is unknown or cannot be filtered on."""
    columns = FILTERABLE[entity]
    for column in columns:
        if column.lower() == word.lower() or column.lower() == f"metadata.{word.lower()}":
            return column
    known = {name.lower(): name for name in FIELDS.get(entity, {})}
    head = word.partition(".")[0].lower()
    name = known.get(head)
    if name in TIME_REFS and entity == "TimeActivity" and call.switches["timeactivity_refs_filterable"]:
        return name
    if name is not None:
        raise validation_fault(f"property '{word}' is not queryable")
    raise validation_fault(f"Property {word} not found for Entity {entity}")


def _checked(call: Call, entity: str, condition: Condition) -> Condition:
    """Return the condition with its property spelled right and its values in a form that compares."""
    column = _column(call, entity, condition.name)
    kind = FILTERABLE[entity].get(column, "ref")
    if condition.operator == "like" and kind not in ("text", "id"):
        raise validation_fault(f"operator LIKE is not supported for property '{column}'")
    values = tuple(_comparable(kind, value, column) for value in condition.values)
    return Condition(column, condition.operator, values)


def _comparable(kind: str, value: str, column: str) -> Any:
    try:
        if kind == "bool":
            return {"true": True, "false": False}[value.lower()]
        if kind == "date":
            return date.fromisoformat(value).isoformat()
        if kind == "stamp":
            return instant(value)
        if kind == "number":
            return float(value)
    except (KeyError, ValueError):
        raise validation_fault(f"value '{value}' is not valid for property '{column}'") from None
    return value.casefold() if kind == "text" else value


def instant(text: str) -> float:
    """Return a stamp as epoch seconds; without an offset it is read as Pacific."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone(pacific_offset(moment.astimezone())))
    return moment.timestamp()


def _selected(company: Company, entity: str, conditions: list[Condition]) -> list[Record]:
    if entity == "CompanyInfo":
        return [company_info(company)]
    if entity == "Preferences":
        return [preferences(company)]
    rows: Iterable[Record] = _candidates(company, entity, conditions)
    if entity in LISTS and not any(condition.name == "Active" for condition in conditions):
        rows = [row for row in rows if row.get("Active", True)]
    for condition in conditions:
        test = _test(entity, condition)
        rows = [row for row in rows if test(row)]
    return list(rows)


def _candidates(company: Company, entity: str, conditions: list[Condition]) -> Iterable[Record]:
    """Return as few records as an index allows: by Id, by TxnDate, else all."""
    records = company.records[entity]
    for condition in conditions:
        if condition.name == "Id" and condition.operator in ("=", "in"):
            return [records[key] for key in dict.fromkeys(condition.values) if key in records]
    dates = [condition for condition in conditions if condition.name == "TxnDate"]
    if entity != "TimeActivity" or not dates:
        return records.values()
    tests = [_test(entity, condition) for condition in dates]
    wanted = [day for day in company.by_date if all(test({"TxnDate": day}) for test in tests)]
    return [records[key] for day in wanted for key in company.by_date[day]]


def _test(entity: str, condition: Condition) -> Test:
    kind = FILTERABLE[entity].get(condition.name, "ref")
    read = _reader(condition.name, kind)
    values, first = condition.values, condition.values[0]
    if condition.operator in ("<", ">", "<=", ">=") and kind == "id":
        text = read
        read, first = (lambda record: _as_number(text(record))), _as_number(first)
    operators: dict[str, Test] = {
        "=": lambda record: read(record) == first,
        "!=": lambda record: read(record) != first,
        "<": lambda record: (value := read(record)) is not None and value < first,
        ">": lambda record: (value := read(record)) is not None and value > first,
        "<=": lambda record: (value := read(record)) is not None and value <= first,
        ">=": lambda record: (value := read(record)) is not None and value >= first,
        "in": lambda record: read(record) in values,
    }
    if condition.operator == "like":
        pattern = re.compile(".*".join(map(re.escape, first.split("%"))), re.DOTALL | re.IGNORECASE)
        return lambda record: pattern.fullmatch(read(record) or "") is not None
    return operators[condition.operator]


def _as_number(key: str) -> Any:
    return int(key) if key.isdigit() else 0


def _reader(column: str, kind: str) -> Callable[[Record], Any]:
    if kind == "stamp":
        part = column.partition(".")[2]
        return lambda record: instant(record["MetaData"][part])
    if kind == "ref":
        return lambda record: (record.get(column) or {}).get("value")
    if column == "PrimaryEmailAddr":
        return lambda record: str((record.get(column) or {}).get("Address", "")).casefold()
    if column == "Active":
        return lambda record: record.get("Active", True)
    if kind == "text":
        return lambda record: str(record.get(column) or "").casefold()
    return lambda record: record.get(column)


def _ordered(call: Call, entity: str, rows: list[Record], order: list[tuple[str, bool]]) -> list[Record]:
    """Sort rows; by default lists by full name in byte order, time newest first (Intuit: recorded answers)."""
    if entity in FORMS:
        rows = sorted(rows, key=lambda row: _as_number(row["Id"]), reverse=True)
    elif entity == "TimeActivity":
        rows = sorted(rows, key=lambda row: (row["TxnDate"], _as_number(row["Id"])), reverse=True)
    elif entity in LISTS:
        rows = sorted(rows, key=_list_order)
    for column, descending in reversed(order):
        rows = sorted(rows, key=_sort_key(entity, column), reverse=descending)
    return rows


def _list_order(record: Record) -> bytes:
    name = record.get("FullyQualifiedName") or record.get("DisplayName") or record.get("Name") or ""
    # The colon sorts before everything, so that sub-customers directly follow their parent.
    return name.replace(":", "\0").encode("utf-8", "surrogatepass")


def _sort_key(entity: str, column: str) -> Callable[[Record], Any]:
    kind = FILTERABLE[entity].get(column, "ref")
    read = _reader(column, kind)
    if kind == "id":
        return lambda record: _as_number(read(record))
    if kind == "text":
        return lambda record: str(record.get(column) or "").encode("utf-8", "surrogatepass")
    return lambda record: (read(record) is not None, read(record))

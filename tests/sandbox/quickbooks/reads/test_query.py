"""The query language: accepted statements, results, order and refusals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.quickbooks_client import QuickBooksCaller, code


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["DisplayName"] for row in rows]


def fault(quickbooks: QuickBooksCaller, statement: str) -> tuple[str, str]:
    answer = quickbooks.query(statement)
    return code(answer), answer.json()["Fault"]["Error"][0]["Detail"]


@pytest.fixture
def days(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> list[str]:
    """Return the ids of five TimeActivities on 1 to 5 March."""
    activities = [quickbooks.create("TimeActivity", work | {"TxnDate": f"2026-03-0{day}"}) for day in range(1, 6)]
    return [row["Id"] for row in activities]


@pytest.mark.parametrize("kind", ["application/text", "text/plain"])
def test_a_query_may_be_posted_as_text(quickbooks: QuickBooksCaller, kind: str) -> None:
    answer = quickbooks.send("POST", "query", data="select * from Item", headers={"Content-Type": kind})

    assert [row["Name"] for row in answer.json()["QueryResponse"]["Item"]] == ["Hours", "Services"]


def test_the_envelope_counts_the_rows_returned(quickbooks: QuickBooksCaller) -> None:
    body = quickbooks.query("select * from Item maxresults 1").json()["QueryResponse"]

    assert (body["startPosition"], body["maxResults"], len(body["Item"])) == (1, 1, 1)
    assert "totalCount" not in body


def test_nothing_found_and_past_the_end_are_empty_objects(quickbooks: QuickBooksCaller) -> None:
    assert quickbooks.query("select * from Customer").json()["QueryResponse"] == {}
    assert quickbooks.query("select * from Item startposition 3").json()["QueryResponse"] == {}


def test_counting_gives_totalcount_alone(quickbooks: QuickBooksCaller) -> None:
    assert quickbooks.query("select count(*) from Item").json()["QueryResponse"] == {"totalCount": 2}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM item ORDER BY Id STARTPOSITION 1 MAXRESULTS 5",
        "select * from ITEM orderby Id asc maxresults 5 startposition 1",
        "Select * From Item Where Type = 'service' And Id > '0'",
    ],
)
def test_keywords_entities_and_the_order_of_paging_are_lenient(quickbooks: QuickBooksCaller, statement: str) -> None:
    assert [row["Id"] for row in quickbooks.rows(statement)] in (["1", "2"], ["2", "1"])


def test_lists_show_active_rows_unless_asked(quickbooks: QuickBooksCaller, ids: dict[str, str]) -> None:
    quickbooks.create("Vendor", {"Id": ids["vic"], "SyncToken": "0", "sparse": True, "Active": False})

    assert quickbooks.rows("select * from Vendor") == []
    assert names(quickbooks.rows("select * from Vendor where Active in (true, false)")) == ["Vic (deleted)"]
    assert names(quickbooks.rows("select * from Vendor where Active = false")) == ["Vic (deleted)"]
    counted = quickbooks.query("select count(*) from Vendor where Active in (true,false)").json()
    assert counted["QueryResponse"]["totalCount"] == 1


def test_text_compares_without_case_and_a_backslash_escapes_the_quote(quickbooks: QuickBooksCaller) -> None:
    quickbooks.create("Customer", {"DisplayName": "Amy's Bird Sanctuary"})

    assert quickbooks.rows(r"select * from Customer where DisplayName = 'amy\'s bird sanctuary'")
    assert quickbooks.rows(r"select * from Customer where DisplayName like '%BIRD%'")
    assert quickbooks.rows(r"select * from Customer where DisplayName in ('x', 'AMY\'S Bird Sanctuary')")
    assert fault(quickbooks, "select * from Customer where DisplayName = 'Amy's'")[0] == "4000"


def test_lists_come_by_full_name_in_byte_order_children_after_parents(quickbooks: QuickBooksCaller) -> None:
    pge = quickbooks.create("Customer", {"DisplayName": "PG&E"})["Id"]
    for name in ("Pam Seitz", "PG&E 2", "adam"):
        quickbooks.create("Customer", {"DisplayName": name})
    quickbooks.create("Customer", {"DisplayName": "Site", "Job": True, "ParentRef": {"value": pge}})

    rows = quickbooks.rows("select * from Customer")

    assert [row["FullyQualifiedName"] for row in rows] == ["PG&E", "PG&E:Site", "PG&E 2", "Pam Seitz", "adam"]


def test_time_comes_newest_first(quickbooks: QuickBooksCaller, days: list[str]) -> None:
    rows = quickbooks.rows("select * from TimeActivity")

    assert [row["Id"] for row in rows] == days[::-1]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("TxnDate = '2026-03-02'", [1]),
        ("TxnDate >= '2026-03-02' and TxnDate < '2026-03-04'", [1, 2]),
        ("TxnDate in ('2026-03-01', '2026-03-05')", [0, 4]),
        ("TxnDate != '2026-03-01'", [1, 2, 3, 4]),
        ("BillableStatus = 'billable' and TxnDate <= '2026-03-01'", [0]),
        ("BillableStatus = 'NotBillable'", []),
        ("MetaData.LastUpdatedTime >= '2020-01-01T00:00:00-08:00'", [0, 1, 2, 3, 4]),
        ("MetaData.CreateTime > '2099-01-01T00:00:00Z'", []),
        ("TxnDate > '2030-01-01'", []),
    ],
)
def test_time_is_found_by_date_status_and_stamps(
    quickbooks: QuickBooksCaller, days: list[str], where: str, expected: list[int]
) -> None:
    rows = quickbooks.rows(f"select * from TimeActivity where {where} orderby Id")

    assert [row["Id"] for row in rows] == [days[position] for position in expected]


def test_time_is_found_by_ids(quickbooks: QuickBooksCaller, days: list[str]) -> None:
    wanted = f"'{days[3]}', '{days[0]}', '999'"

    rows = quickbooks.rows(f"select * from TimeActivity where Id in ({wanted}) orderby Id")

    assert [row["Id"] for row in rows] == [days[0], days[3]]


def test_a_moved_txndate_is_found_on_its_new_day_only(
    quickbooks: QuickBooksCaller, work: dict[str, Any], days: list[str]
) -> None:
    quickbooks.create("TimeActivity", work | {"Id": days[0], "SyncToken": "0", "TxnDate": "2026-04-01"})

    assert quickbooks.rows("select * from TimeActivity where TxnDate = '2026-03-01'") == []
    assert len(quickbooks.rows("select * from TimeActivity where TxnDate = '2026-04-01'")) == 1
    assert len(quickbooks.rows("select * from TimeActivity where TxnDate > '2026-01-01'")) == len(days)


def test_pages_follow_each_other(quickbooks: QuickBooksCaller, days: list[str]) -> None:
    statement = "select * from TimeActivity orderby Id startposition {} maxresults 2"

    pages = [[row["Id"] for row in quickbooks.rows(statement.format(at))] for at in (1, 3, 5, 7)]

    assert pages == [days[0:2], days[2:4], days[4:5], []]


def test_a_page_holds_100_rows_by_default_and_1000_at_most(quickbooks: QuickBooksCaller) -> None:
    for number in range(1005):
        quickbooks.in_product("Vendor", {"DisplayName": f"V{number}"})

    assert len(quickbooks.rows("select * from Vendor")) == 100
    assert len(quickbooks.rows("select * from Vendor maxresults 5000")) == 1000
    quickbooks.switch(maxresults_over_1000="error")
    assert fault(quickbooks, "select * from Vendor maxresults 1001")[0] == "4001"


def test_ids_order_as_numbers_and_names_descend(quickbooks: QuickBooksCaller) -> None:
    for number in range(12):
        quickbooks.create("Vendor", {"DisplayName": f"V{number:02d}"})

    assert [row["Id"] for row in quickbooks.rows("select * from Vendor orderby Id")][-3:] == [
        "10",
        "11",
        "12",
    ]
    assert names(quickbooks.rows("select * from Vendor orderby DisplayName desc"))[0] == "V11"


@pytest.mark.parametrize(
    "statement",
    [
        "select Id from Customer",
        "select * Customer",
        "select * from Customer where Id = 5",
        "select * from Customer where DisplayName = 'a' or DisplayName = 'b'",
        'select * from Customer where DisplayName = "a"',
        "select * from Customer where",
        "select * from Customer maxresults",
        "select * from Customer maxresults '5'",
        "select * from Customer group by Id",
        "select * from Customer where Id in ()",
        "",
    ],
)
def test_what_does_not_parse_is_4000(quickbooks: QuickBooksCaller, statement: str) -> None:
    number, detail = fault(quickbooks, statement)

    assert number == "4000" and detail.startswith("QueryParserError:") and "line 1, column" in detail


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("select * from Custmoer", "invalid context declaration: Custmoer"),
        ("select * from Customer where Nothing = 'x'", "Property Nothing not found for Entity Customer"),
        ("select * from Customer orderby Nothing", "Property Nothing not found for Entity Customer"),
        ("select * from TimeActivity where EmployeeRef = '55'", "property 'EmployeeRef' is not queryable"),
        ("select * from TimeActivity where CustomerRef = '1'", "property 'CustomerRef' is not queryable"),
        (
            "select * from TimeActivity where Description = 'x'",
            "property 'Description' is not queryable",
        ),
        ("select * from TimeActivity where TxnDate = 'today'", "not valid for property 'TxnDate'"),
        ("select * from Customer startposition 0", "value 0 is too small. Min allowed value is 1"),
        ("select * from Customer maxresults 0", "value 0 is too small. Min allowed value is 1"),
    ],
)
def test_what_parses_but_does_not_exist_is_4001(quickbooks: QuickBooksCaller, statement: str, text: str) -> None:
    number, detail = fault(quickbooks, statement)

    assert number == "4001" and detail.startswith("QueryValidationError:") and text in detail


def test_references_of_time_can_be_made_filterable(
    quickbooks: QuickBooksCaller, ids: dict[str, str], days: list[str]
) -> None:
    quickbooks.switch(timeactivity_refs_filterable=True)

    assert len(quickbooks.rows(f"select * from TimeActivity where EmployeeRef = '{ids['ana']}'")) == 5
    assert quickbooks.rows(f"select * from TimeActivity where CustomerRef = '{ids['acme']}'") == []


def test_companyinfo_and_preferences_can_be_queried(quickbooks: QuickBooksCaller) -> None:
    assert quickbooks.rows("select * from CompanyInfo")[0]["Id"] == "1"
    assert "TimeTrackingPrefs" in quickbooks.rows("select * from Preferences")[0]

"""The detailed report's rows: filters, amounts, and the forms that no source settles."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.clockify_client import ClockifyCaller, refusal

EXCLUDE = {"totals": "EXCLUDE"}


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["_id"] for row in rows]


def page(number: int, size: int, **more: Any) -> dict[str, Any]:
    return {"page": number, "pageSize": size, "options": EXCLUDE, **more}


def test_approval_state_filters_and_the_request_id_shows(clockify: ClockifyCaller) -> None:
    approved = clockify.entry(approvalState="APPROVED")
    pending = clockify.entry(approvalState="PENDING")
    plain = clockify.entry()

    assert ids(clockify.reported(approvalState="APPROVED")) == [approved]
    assert set(ids(clockify.reported(approvalState="UNAPPROVED"))) == {pending, plain}
    requests = {row["_id"]: row["approvalRequestId"] for row in clockify.reported()}
    assert requests[approved] and requests[pending] and requests[plain] is None


def test_invoicing_state_filters_and_invoicing_info_shows(clockify: ClockifyCaller) -> None:
    by_hand, billed = clockify.entry(invoiced=True), clockify.entry(invoiced="64f0000000000000000000aa")
    plain = clockify.entry()

    assert set(ids(clockify.reported(invoicingState="INVOICED"))) == {by_hand, billed}
    assert ids(clockify.reported(invoicingState="UNINVOICED")) == [plain]
    info = {row["_id"]: row["invoicingInfo"] for row in clockify.reported()}
    assert info[by_hand] == {"manuallyInvoiced": True}
    assert info[billed]["invoiceId"] == "64f0000000000000000000aa"


def test_not_invoiced_may_be_null_absent_or_an_empty_list(clockify: ClockifyCaller) -> None:
    clockify.entry()
    assert clockify.reported()[0]["invoicingInfo"] is None

    clockify.switch(report_not_invoiced="absent")
    assert "invoicingInfo" not in clockify.reported()[0]
    clockify.switch(report_not_invoiced="empty_list")
    assert clockify.reported()[0]["invoicingInfo"] == []


def test_users_of_every_status_must_be_asked_for(clockify: ClockifyCaller) -> None:
    cleo = clockify.put("users", name="Cleo", email="cleo@example.test", status="INACTIVE")["id"]
    inactive, own = clockify.entry(userId=cleo), clockify.entry()

    assert set(ids(clockify.reported(users={"status": "ALL"}))) == {inactive, own}
    assert ids(clockify.reported(users={"status": "INACTIVE"})) == [inactive]
    assert ids(clockify.reported(users=None)) == [own]
    clockify.switch(report_users_without_status="ALL")
    assert set(ids(clockify.reported(users=None))) == {inactive, own}


def test_an_empty_id_filter_filters_nothing_or_everything(clockify: ClockifyCaller) -> None:
    clockify.entry()
    criteria = {"ids": [], "contains": "CONTAINS", "status": "ALL"}
    assert len(clockify.reported(users=criteria)) == 1

    clockify.switch(report_empty_ids="nothing")
    assert clockify.reported(users=criteria) == []


def test_filters_by_user_project_client_and_billable(clockify: ClockifyCaller, website: str) -> None:
    ben_id, _ = clockify.member()
    on_website, bens, unbilled = (
        clockify.entry(projectId=website),
        clockify.entry(userId=ben_id),
        clockify.entry(billable=False),
    )
    client = clockify.rows("/clients")[0]["id"]

    assert ids(clockify.reported(users={"ids": [ben_id], "status": "ALL"})) == [bens]
    assert ids(clockify.reported(projects={"ids": [website]})) == [on_website]
    assert ids(clockify.reported(clients={"ids": [client]})) == [on_website]
    others = clockify.reported(clients={"ids": [client], "contains": "DOES_NOT_CONTAIN"})
    assert set(ids(others)) == {bens, unbilled}
    assert ids(clockify.reported(billable=False)) == [unbilled]
    without = page(1, 10, auditFilter={"withoutProject": True})
    assert set(ids(clockify.reported(detailedFilter=without))) == {bens, unbilled}


def test_a_regular_members_key_must_hide_amounts_and_sees_its_own_time(clockify: ClockifyCaller) -> None:
    ben_id, ben = clockify.member()
    clockify.entry()
    own = clockify.entry(userId=ben_id)

    assert refusal(ben.report()) == (403, 501)
    assert ids(ben.reported(amountShown="HIDE_AMOUNT")) == [own]


def test_hidden_amounts_show_no_rate(clockify: ClockifyCaller, website: str) -> None:
    clockify.entry(projectId=website)

    row = clockify.reported(amountShown="HIDE_AMOUNT")[0]

    assert (row["rate"], row["amount"], row["earnedRate"]) == (None, None, None)


def test_rates_come_from_project_member_then_project_then_member_then_workspace(clockify: ClockifyCaller) -> None:
    owner = clockify.owner_id()
    project = clockify.put("projects", name="Website")["id"]
    clockify.entry(projectId=project)

    def rate() -> float:
        return clockify.reported()[0]["rate"]

    rates = [rate()]
    clockify.settings(hourlyRate=1000)
    rates.append(rate())
    clockify.put("users", id=owner, hourlyRate=2000)
    rates.append(rate())
    clockify.put("projects", id=project, hourlyRate=3000)
    rates.append(rate())
    clockify.put("projects", id=project, memberRates={owner: 4000})
    rates.append(rate())

    assert rates == [0.0, 1000.0, 2000.0, 3000.0, 4000.0]


def test_a_missing_rate_is_zero_or_null(clockify: ClockifyCaller) -> None:
    clockify.entry()
    assert (clockify.reported()[0]["rate"], clockify.reported()[0]["amount"]) == (0.0, 0.0)

    clockify.switch(report_missing_rate="null")
    assert (clockify.reported()[0]["rate"], clockify.reported()[0]["amount"]) == (None, None)


def test_the_currency_is_the_clients(clockify: ClockifyCaller, website: str) -> None:
    clockify.put("clients", id=clockify.rows("/clients")[0]["id"], currencyCode="EUR")
    clockify.entry(projectId=website)

    assert clockify.reported()[0]["currency"] == "EUR"


def test_a_missing_project_is_null_or_empty_text(clockify: ClockifyCaller) -> None:
    clockify.entry()
    names = ("projectId", "projectName", "clientId", "clientName", "taskId", "taskName")
    assert {clockify.reported()[0][name] for name in names} == {None}

    clockify.switch(report_missing_refs="empty")
    assert {clockify.reported()[0][name] for name in names} == {""}


def test_running_timers_are_left_out_or_listed_without_an_end(clockify: ClockifyCaller) -> None:
    key = clockify.entry("2026-03-02T09:00:00Z", None)
    assert clockify.reported() == []

    clockify.switch(report_running=True)
    row = clockify.reported()[0]
    assert row["_id"] == key
    assert (row["timeInterval"]["end"], row["timeInterval"]["duration"]) == (None, None)


def test_breaks_and_time_off_are_listed_with_their_type(clockify: ClockifyCaller) -> None:
    for kind in ("BREAK", "TIME_OFF", "HOLIDAY"):
        clockify.entry(type=kind, billable=False)

    assert {row["type"] for row in clockify.reported()} == {"BREAK", "TIME_OFF", "HOLIDAY"}


def test_keys_may_be_plain(clockify: ClockifyCaller) -> None:
    key = clockify.entry()
    clockify.switch(report_keys="plain")

    row = clockify.reported()[0]

    assert row["id"] == key and row["locked"] is False and "_id" not in row


@pytest.mark.parametrize(
    ("rule", "seconds"),
    [("Round to nearest", 4500), ("Round up to", 5400), ("Round down to", 4500)],
)
def test_rounding_changes_durations_and_amounts_only_when_asked(
    clockify: ClockifyCaller, website: str, rule: str, seconds: int
) -> None:
    clockify.entry("2026-03-02T09:00:00Z", "2026-03-02T10:20:00Z", projectId=website)
    clockify.settings(settings={"round": {"round": rule, "minutes": "15"}, "timeRoundingInReports": True})

    assert clockify.reported()[0]["timeInterval"]["duration"] == 4800
    row = clockify.reported(rounding=True)[0]
    assert row["timeInterval"]["duration"] == seconds
    assert row["amount"] == 12500 * seconds / 3600


def test_unsupported_filters_are_refused(clockify: ClockifyCaller) -> None:
    assert refusal(clockify.report(tags={"ids": ["64d0000000000000000000aa"]})) == (400, 501)


def test_time_that_is_not_billable_earns_nothing(clockify: ClockifyCaller, website: str) -> None:
    clockify.entry(projectId=website, billable=False)

    row = clockify.reported()[0]

    assert (row["rate"], row["amount"]) == (12500.0, 0.0)

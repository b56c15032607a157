"""What QuickBooks' refusals of time mean, code by code, and that docs/reasons.md says the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from integrations.errors import Gone, Rejected
from integrations.quickbooks import faults
from syncjobs.rules import reasons, refusals

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reasons.md"
# Where each code of Intuit's list is mended.
CODES = {
    "quickbooks": "610 620 800 2500 5020 5030 6000 6080 6140 6150 6180 6190 6200 6210 6220 6240 6250 6280",
    "clockify": "2040 2050 2240 6330 6380",
    "wait": "600 2130 5010 100 110 130 140 150 3001 003001 3200 4002 10000 10100 10200",
    "here": "120 3100",
    "support": "500 630 700 900 1000 1010 1020 1040 2000 2010 2020 2030 2060 2070 2080 2090 2100 2110 2170 2210 2230 "
    "2600 4000 4001 6430 6440 6540 6290 6300 6310 6320 6340 6350 6360 6370 6390",
}
ROWS = [(code, place) for place, codes in CODES.items() for code in codes.split()]


def refused(code: str, words: str = "Not this one") -> dict[str, str]:
    return reasons.explain({"code": "QUICKBOOKS_REFUSED", "error": code, "words": words})


@pytest.mark.parametrize(("code", "place"), ROWS)
def test_each_code_says_where_it_is_mended(code: str, place: str) -> None:
    explained = refused(code)

    assert explained["fix_in"] == place
    assert explained["fix"] == refusals.meaning(code).fix
    assert f"QuickBooks said {code}: “Not this one”." in explained["message"]
    assert explained["message"].endswith(f"In other words: {refusals.meaning(code).words}")


def test_every_row_of_the_table_is_tested() -> None:
    assert {code for code, _ in ROWS} == {*refusals.MEANINGS, *refusals.TROUBLES}
    assert set(refusals.TROUBLES) >= faults.TROUBLE_CODES | faults.THROTTLED_CODES


@pytest.mark.parametrize("code", sorted(refusals.MEANINGS))
def test_each_code_is_a_refusal_of_one_record(code: str) -> None:
    answer = json.dumps({"Fault": {"Error": [{"code": code, "Message": "Bad"}], "type": "ValidationFault"}}).encode()

    assert isinstance(faults.read_answer(400, {}, answer, after=None), Rejected | Gone)


@pytest.mark.parametrize("code", ["", "4711", "1099"])
def test_an_unknown_code_is_for_support_in_quickbooks_words(code: str) -> None:
    explained = refused(code, words="Something odd")

    assert explained["fix_in"] == "support"
    assert explained["message"] == f"QuickBooks said {code}: “Something odd”. Nothing was written."


def test_a_write_that_was_given_up_is_mended_here_whatever_its_last_code() -> None:
    row = {"code": "QUICKBOOKS_REFUSED", "error": "5010", "words": "Stale", "runs": 5}

    assert reasons.explain(row)["fix_in"] == "here"


def test_the_page_has_every_code_with_its_remedy() -> None:
    part = PAGE.read_text().partition("## What QuickBooks' error codes mean\n")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in part.splitlines() if line.startswith("| `")]
    documented = {code: (row[1], row[3].rstrip(" |")) for row in rows for code in re.findall(r"`(\d+)`", row[0])}

    meanings = refusals.MEANINGS | refusals.TROUBLES
    assert documented == {code: (meaning.words, meaning.fix) for code, meaning in meanings.items()}

"""Stand-ins keep what matching looks at, for any names."""

from __future__ import annotations

import html
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from integrations.clockify.payloads import decoded
from mapping.matching.match import ClockifyRecord, QuickBooksRecord, listed, match
from mapping.matching.names import difference, forgiving, identical, strip_deleted
from syncjobs.support.bundle.stand_ins import StandIns

KEY = b"k" * 32
PARTS = [
    *(
        "a",
        "e",
        "s",
        "ss",
        "ß",
        "ẞ",
        "ſ",
        "i",
        "I",
        "İ",
        "ı",
        "ﬁ",
        "fi",
        "é",
        "e\u0301",
        "Ñ",
        "r\u030c",
        "ř",
        "Å",
        "\u212b",
    ),
    *("Ａ", "A", "½", "²", "2", "№", "No", "™", "TM", "ø", "o", "æ", "ij", "ĳ", "ŉ", "ʼn", "µ", "μ", "Ω", "\u2126"),
    *("Inc", "inc", "GmbH", "and", "And", "&", "&amp;", "amp", ";", "'", "’", ":", ".", "-", " ", "  ", "\u00a0", "\t"),
    *(
        "Σ",
        "σ",
        "ς",
        "ΐ",
        "И",
        "й",
        "и\u0306",
        "日本",
        "語",
        "한국",
        "\u1112\u1161\u11ab",
        "が",
        "か\u3099",
        "ﾊﾝ",
        "ハン",
        "أ",
    ),
    *(
        "\u0345",
        "x27",
        "#39",
        "&#39;",
        "(deleted)",
        " (deleted-3)",
        "Acme",
        "ACME",
        "ֿש",
        "ក",
        "Ⅷ",
        "viii",
        "ǆ",
        "dž",
        "🚀",
    ),
]
NAMES = st.one_of(st.lists(st.sampled_from(PARTS), max_size=6).map("".join), st.text(max_size=8))


@given(NAMES, NAMES, st.binary(min_size=8, max_size=8))
@example("Straße", "STRASSE", KEY)
@example("ﬁrst", "FIRST", KEY)
@example("İnci", "i\u0307nci", KEY)
@example("Ａｃｍｅ", "acme", KEY)
@example("\u1ff3", "\u03c9\u03b9", KEY)
def test_names_are_equal_as_the_true_ones_are(one: str, other: str, key: bytes) -> None:
    stand_ins = StandIns(key, [one, other])

    shown, other_shown = stand_ins.name(one), stand_ins.name(other)

    assert (shown == other_shown) == (one == other) or identical(one, other)
    assert identical(shown, other_shown) == identical(one, other)
    assert forgiving(shown, other_shown) == forgiving(one, other)


@given(NAMES, st.binary(min_size=8, max_size=8))
@example("Σ", b"\xf1\x87\xa1&\xec\x07\x00\x04")
def test_spaces_signs_case_accents_and_form_stay(name: str, key: bytes) -> None:
    shown = StandIns(key, [name]).name(name)

    for form in ("NFC", "NFD"):
        if unicodedata.is_normalized(form, name):
            assert unicodedata.is_normalized(form, shown)
    apart, shown_apart = (unicodedata.normalize("NFD", text) for text in (name, shown))
    assert len(apart) == len(shown_apart)
    for char, other in zip(apart, shown_apart, strict=True):
        assert unicodedata.category(char) == unicodedata.category(other)
        assert char == other or unicodedata.category(char)[0] == "L"
    assert decoded(shown) == StandIns(key, [name, decoded(name)]).name(decoded(name))
    assert (strip_deleted(name) == name) == (strip_deleted(shown) == shown)


@given(st.lists(NAMES, min_size=1, max_size=4), st.data())
def test_the_outcome_of_matching_is_the_same(names: list[str], data: st.DataObject) -> None:
    pool = st.sampled_from([*names, *(name.upper() for name in names), *(f"{name} (deleted)" for name in names)])
    users = [ClockifyRecord("user", f"u{n}", data.draw(pool)) for n in range(3)]
    clients = [ClockifyRecord("client", f"c{n}", data.draw(pool)) for n in range(2)]
    projects = [ClockifyRecord("project", f"p{n}", data.draw(pool), f"c{n % 2}") for n in range(3)]
    partners = [QuickBooksRecord("employee", f"e{n}", data.draw(pool), active=n != 2) for n in range(3)]
    partners += [QuickBooksRecord("customer", f"{n}", data.draw(pool), active=n != 2) for n in range(3)]
    partners += [QuickBooksRecord("customer", f"1{n}", data.draw(pool), parent_id=f"{n % 3}") for n in range(4)]
    records = [*users, *clients, *projects]
    mode = data.draw(st.sampled_from(["strict", "forgiving"]))
    stand_ins = StandIns(KEY, [record.name for record in [*records, *partners]])

    true = match(records, partners, [], [], mode=mode)
    shown = match(
        [replace(record, name=stand_ins.name(record.name)) for record in records],
        [replace(record, name=stand_ins.name(record.name)) for record in partners],
        *([], []),
        mode=mode,
    )

    assert [(link.kind, link.clockify_id, link.quickbooks_id) for link in shown.links] == [
        (link.kind, link.clockify_id, link.quickbooks_id) for link in true.links
    ]
    of_clockify = [
        {(row.kind, row.clockify_id, row.reason, row.quickbooks_id) for row in listed(outcome) if row.clockify_id}
        for outcome in (true, shown)
    ]
    assert of_clockify[0] == of_clockify[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Siobhán O'Connor", "Siobhan O'Connor"),
        ("Brand refresh", "Brand Refresh"),
        ("O'Neill Outdoor", "O’Neill Outdoor"),
        ("Møller Architects", "Moller Architects"),
        ("Menu & signage", "Menu & Signage"),
        ("Café guide", unicodedata.normalize("NFD", "Café guide")),
        ("Annual report 2025", "Annual Report FY25"),
    ],
)
def test_names_differ_in_the_same_way(one: str, other: str) -> None:
    stand_ins = StandIns(KEY, [one, other])

    assert difference(stand_ins.name(one), stand_ins.name(other)) == difference(one, other)
    assert stand_ins.name(one) != one and stand_ins.name(other) != other


def test_legal_forms_and_the_mark_of_inactive_records_stay() -> None:
    shown = StandIns(KEY).name("Cloudhost Inc. and Sons (deleted-3)")

    assert shown.endswith(" (deleted-3)") and " Inc. and " in shown and "Cloudhost" not in shown


def test_another_key_gives_other_stand_ins() -> None:
    assert StandIns(KEY).name("Northlight Studio") != StandIns(b"other").name("Northlight Studio")


TEXTS = st.one_of(st.lists(st.sampled_from([*PARTS, "review", "call"]), max_size=9).map("".join), st.text(max_size=30))


@given(TEXTS, TEXTS)
def test_texts_are_equal_as_the_true_ones_are(one: str, other: str) -> None:
    stand_ins = StandIns(KEY, [one, other])

    assert (stand_ins.text(one) == stand_ins.text(other)) == (one == other) or identical(one, other)
    assert (stand_ins.text(one).strip() == "") == (one.strip() == "")


@given(TEXTS)
def test_a_text_is_decoded_as_the_true_one_is(text: str) -> None:
    escaped = html.escape(text)

    assert decoded(StandIns(KEY, [text]).text(escaped, meaning=text)) == StandIns(KEY, [text]).text(text)


def test_texts_and_names_share_no_alphabet() -> None:
    stand_ins = StandIns(KEY)
    text = "Northlight Studio, design review"

    assert not stand_ins.text(text).startswith(stand_ins.name("Northlight"))
    assert stand_ins.text("Northlight") not in stand_ins.text(text)
    assert stand_ins.text("Call") != stand_ins.name("Call")


def test_an_address_leads_nowhere() -> None:
    shown = StandIns(KEY).email("Ada.Byron@northlight.example")

    assert shown.endswith(".invalid") and "northlight" not in shown and shown.count("@") == 1
    assert shown.casefold() == StandIns(KEY).email("ada.byron@NORTHLIGHT.example").casefold()

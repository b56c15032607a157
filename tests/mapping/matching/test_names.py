from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.matching.names import (
    difference,
    forgiving,
    forgiving_form,
    identical,
    identity,
    plain_words,
    same,
    shared_form,
    strip_deleted,
    without_legal_form,
)

IDENTICAL = [
    ("Ada Byron", "Ada Byron"),
    ("Jos\u00e9", "Jose\u0301"),  # composed and decomposed
    ("  Acme ", "Acme"),
    ("\u00a0Acme\t", "Acme"),
    ("Acme:Website", "Acme:Website"),
]
ONLY_FORGIVING = [
    ("Acme", "ACME", "case"),
    ("Acme  Ltd", "Acme Ltd", "spaces"),
    ("Acme\u00a0Ltd", "Acme Ltd", "spaces"),
    ("acme  ltd", "Acme Ltd", "case and spaces"),
    ("\uff21cme", "Acme", "character forms"),
    ("\ufb01nance", "finance", "character forms"),
    ("Stra\u00dfe", "STRASSE", "case and accents"),
]
DIFFERENT = [
    ("O'Neill", "O\u2019Neill", "apostrophes"),
    ("O'Neill", "ONeill", "apostrophes"),
    ("Acme, Inc.", "Acme Inc", "punctuation"),
    ("Smith-Jones", "Smith Jones", "punctuation"),
    ("Jos\u00e9", "Jose", "accents"),
    ("jos\u00e9", "Jose", "case and accents"),
    ("Acme\u200b", "Acme", "invisible characters"),
    ("\u200b Acme", "Acme", "invisible characters"),
    ("Ac\x07me", "Acme", "invisible characters"),
    ("O'N\u00c9-I\x07L A", "onei la", "case and spaces and punctuation and invisible characters and accents"),
    ("New York", "NewYork", "spaces"),
    ("Acme:Website", "Website", "letters"),
    ("Bob", "Rob", "letters"),
]


@pytest.mark.parametrize(("name", "other_name"), IDENTICAL)
def test_identical_names_are_identical_and_differ_in_nothing(name: str, other_name: str) -> None:
    assert identical(name, other_name)
    assert forgiving(name, other_name)
    assert difference(name, other_name) == ""


@pytest.mark.parametrize(("name", "other_name", "apart"), ONLY_FORGIVING)
def test_forgiving_overlooks_case_spaces_and_character_forms(name: str, other_name: str, apart: str) -> None:
    assert not identical(name, other_name)
    assert forgiving(name, other_name)
    assert difference(name, other_name) == apart


@pytest.mark.parametrize(("name", "other_name", "apart"), DIFFERENT)
def test_anything_else_is_another_name_in_both_modes(name: str, other_name: str, apart: str) -> None:
    assert not same(name, other_name, mode="strict")
    assert not same(name, other_name, mode="forgiving")
    assert difference(name, other_name) == apart


@pytest.mark.parametrize(("name", "other_name"), [*IDENTICAL, *(names[:2] for names in ONLY_FORGIVING)])
def test_names_that_any_mode_takes_as_the_same_share_a_form(name: str, other_name: str) -> None:
    assert shared_form(name)
    assert shared_form(name) == shared_form(other_name)


@pytest.mark.parametrize("empty", ["", " ", "\u00a0\t"])
def test_a_missing_name_is_nobodys_name(empty: str) -> None:
    assert not identical(empty, empty)
    assert not forgiving(empty, "")


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("Acme (deleted)", "Acme"),
        ("Acme (deleted) ", "Acme"),
        ("Acme (deleted-1)", "Acme"),
        ("Acme (deleted-12) ", "Acme"),
        ("Acme (deleted) (deleted-1)", "Acme (deleted)"),
        ("Acme (deleted 2)", "Acme (deleted 2)"),
        ("Acme (deleted-)", "Acme (deleted-)"),
        ("Acme (deleted-1) Ltd", "Acme (deleted-1) Ltd"),
        ("Acme (Deleted)", "Acme (Deleted)"),
        ("Acme(deleted)", "Acme(deleted)"),
        ("(deleted)", "(deleted)"),
        ("Acme", "Acme"),
    ],
)
def test_only_the_exact_suffix_of_deleted_records_is_stripped(stored: str, shown: str) -> None:
    assert strip_deleted(stored) == shown


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Jos\u00e9 Garc\u00eda-L\u00f3pez", ["jose", "garcia", "lopez"]),
        ("O\u2019Neill & Sons, Ltd.", ["oneill", "and", "sons", "ltd"]),
        ("...", []),
    ],
)
def test_plain_words_are_lower_case_ascii(name: str, words: list[str]) -> None:
    assert plain_words(name) == words


FORMS = (
    "inc incorporated llc llp lp ltd limited plc corp corporation co company gmbh mbh ag kg ohg ug se sa sas sarl srl "
    "spa bv nv oy ab as aps kft sro pty"
)


@pytest.mark.parametrize("form", FORMS.split())
def test_the_legal_form_is_no_part_of_the_core_of_a_name(form: str) -> None:
    assert without_legal_form(["acme", form]) == ["acme"]


@given(st.text(), st.text())
def test_identical_names_are_always_equal_when_forgiving(name: str, other_name: str) -> None:
    assert forgiving(name, other_name) or not identical(name, other_name) or forgiving_form(name) == ""
    assert (difference(name, other_name) == "") == (identity(name) == identity(other_name))


@given(st.text())
def test_both_forms_stay_as_they_are_when_taken_again(name: str) -> None:
    assert identity(identity(name)) == identity(name)
    assert forgiving_form(forgiving_form(name)) == forgiving_form(name)
    assert forgiving_form(identity(name)) == forgiving_form(name)
    assert difference(name, name) == ""

"""JSON of any vendor: never deeper, larger or odder than what we keep."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from integrations.http import bounded_json


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * depth + closing * depth).encode()


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [{"a": [1, 2.5, {"b": None}]}]])
def test_what_the_vendors_send_is_read_as_it_is(value: object) -> None:
    assert bounded_json.parse(json.dumps(value).encode()) == value


@pytest.mark.parametrize("content", [b"", b"<html>", b"{", b"\xff\xfe\x00", b'{"a": 1} x'])
def test_no_json_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError):
        bounded_json.parse(content)


@pytest.mark.parametrize("depth", [bounded_json.MAX_DEPTH + 1, 900, 100_000])
@pytest.mark.parametrize("shape", [("[", "]"), ('{"a":[', "]}")])
def test_a_tower_of_brackets_is_a_value_error(depth: int, shape: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="nested"):
        bounded_json.parse(nested(depth, *shape))
    with pytest.raises(ValueError):
        bounded_json.parse(b"[" * depth)


def test_the_allowed_depth_is_read() -> None:
    assert bounded_json.parse(nested(bounded_json.MAX_DEPTH))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
def test_a_number_that_no_database_stores_costs_its_own_field_alone(number: str) -> None:
    value = bounded_json.parse(f'{{"bad": {number}, "good": 1.5}}'.encode())

    assert value == {"bad": {"unreadable": number}, "good": 1.5}


def test_a_whole_number_of_thousands_of_digits_costs_its_own_field_alone() -> None:
    value = bounded_json.parse(b'{"bad": ' + b"9" * 5000 + b', "good": 7}')

    assert value == {"bad": {"unreadable": "9" * 100}, "good": 7}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (rb'"a\ud800b"', {"unreadable": "a?b"}),
        (b'"a\xffb"', {"unreadable": "a?b"}),
        (rb'"a\u0000b"', "ab"),
        (rb'"\ud83d\ude80"', "🚀"),
        ('"🚀"'.encode(), "🚀"),
    ],
    ids=["half a pair", "no UTF-8", "NUL", "an escaped pair", "plain"],
)
def test_a_text_that_no_database_stores_costs_its_own_field_alone(written: bytes, kept: object) -> None:
    value = bounded_json.parse(b'[{"bad": ' + written + b', "good": "x"}, {"bad": "y"}]')

    assert value == [{"bad": kept, "good": "x"}, {"bad": "y"}]


def test_small_text_of_very_many_values_does_not_fill_the_memory() -> None:
    content = b"[" + b"{}," * 3_000_000 + b"{}]"
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="too many"):
            bounded_json.parse(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(content)

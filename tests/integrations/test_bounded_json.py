"""JSON of any vendor: never deeper, larger or odder than what we keep."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from integrations import bounded_json


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * depth + closing * depth).encode()


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [{"a": [1, 2.5, {"b": None}]}]])
def test_what_the_vendors_send_is_read_as_it_is(value: object) -> None:
    assert bounded_json.parse(json.dumps(value).encode()) == value


@pytest.mark.parametrize("content", [b"", b"<html>", b"{", b"\xff\xfe\x00", b'{"a": 1} x', b"9" * 5000])
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
def test_a_number_that_no_database_stores_is_none(number: str) -> None:
    assert bounded_json.parse(f'{{"bad": {number}, "good": 1.5}}'.encode()) == {"bad": None, "good": 1.5}


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

"""Notes and reasons: on one line, and refused instead of cut where they are too long."""

from __future__ import annotations

import pytest

from mapping.decisions import notes
from mapping.errors import Refused


def test_a_note_is_one_line() -> None:
    assert notes.cleaned("  Agreed\r\n by\x00 phone ") == "Agreed by phone"
    assert notes.cleaned("x" * 500) == "x" * 500


def test_one_that_is_too_long_is_refused_with_its_length() -> None:
    with pytest.raises(Refused, match=r"has 1,501 characters, and there is room for 500\. Shorten it"):
        notes.cleaned("y" * 1501)

from __future__ import annotations

import pytest

from syncjobs.rules.drafts import description

FAMILY = "👩\u200d👩\u200d👧"  # 8 of QuickBooks' characters


@pytest.mark.parametrize("text", ["", "Review", "x" * 4000, "🌍" * 2000, "ä" * 4000], ids=len)
def test_what_fits_stays_as_it_is(text: str) -> None:
    assert description.cut(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x" * 4001, 4000),
        ("🌍" * 2001, 2000),
        ("x" + "🌍" * 2000, 2000),  # half an emoji does not fit
        ("x" * 3995 + FAMILY, 3995),
        ("x" * 3992 + FAMILY + "x", 3992 + 5),
        ("x" * 3999 + "e\u0301", 3999),  # é in two characters
        ("x" * 3998 + "👍🏽", 3998),
        ("x" * 3998 + "👍🏻", 3998),  # the first skin tone
        ("x" * 3998 + "👍🏿", 3998),  # the last one
        ("x" * 3998 + "🏺🏺", 3999),  # the character before the first skin tone
        ("x" * 3998 + "🐀🐀", 3999),  # the character after the last skin tone
        ("x" * 3999 + "\r\n", 3999),
        ("x" + "\u0301" * 5000, 4000),  # no end in sight
    ],
    ids=[
        "letters",
        "emojis",
        "half an emoji",
        "family",
        "fits",
        "accent",
        "skin tone",
        "first skin tone",
        "last skin tone",
        "amphoras",
        "rats",
        "line end",
        "heap of accents",
    ],
)
def test_a_longer_text_is_cut_between_what_people_see_as_characters(text: str, kept: int) -> None:
    assert description.cut(text) == text[:kept]

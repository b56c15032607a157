"""Days in a search, read on Friday 27 March 2026."""

from __future__ import annotations

from datetime import date

import pytest

from syncjobs.rules import day_words

TODAY = date(2026, 3, 27)


def days(*days_of_march: int) -> tuple[date, ...]:
    return tuple(date(2026, 3, day) for day in days_of_march)


@pytest.mark.parametrize(
    ("text", "found", "rest"),
    [
        ("2026-03-17", days(17), ""),
        ("zoë 2026-3-7 rebrand", days(7), "zoë rebrand"),
        ("Mar 17", days(17), ""),
        ("mar. 17 rebrand", days(17), "rebrand"),
        ("17 March", days(17), ""),
        ("17. March 2025", (date(2025, 3, 17),), ""),
        ("March 17th, 2025 Zoë", (date(2025, 3, 17),), "Zoë"),
        ("3/17", days(17), ""),
        ("3/17/26", days(17), ""),
        ("12/24", (date(2025, 12, 24),), ""),
        ("Dec 24", (date(2025, 12, 24),), ""),
        ("Feb 29", (date(2024, 2, 29),), ""),
        ("zoë tuesday rebrand", days(24), "zoë rebrand"),
        ("Tue", days(24), ""),
        ("friday", days(27), ""),
        ("last friday", days(20), ""),
        ("zoë last Tuesday", days(24, 17), "zoë"),
        ("last Sat", days(21), ""),
        ("this Tuesday", days(24), ""),
        ("this Monday", days(23), ""),
        ("this sunday", (), "this sunday"),
        ("last week Zoë", days(22, 21, 20, 19, 18, 17, 16), "Zoë"),
        ("this week", days(29, 28, 27, 26, 25, 24, 23), ""),
        ("today", days(27), ""),
        ("Ada yesterday", days(26), "Ada"),
        ("Zoë  Krüger", (), "Zoë Krüger"),
        ("Monday.com rollout", (), "Monday.com rollout"),
        ("sunset friendly", (), "sunset friendly"),
        ("May Lee", (), "May Lee"),
        ("2026-02-30", (), "2026-02-30"),
        ("13/17", (), "13/17"),
        ("", (), ""),
    ],
)
def test_days_are_taken_out_of_the_text(text: str, found: tuple[date, ...], rest: str) -> None:
    assert day_words.read(text, TODAY) == (found, rest)


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("January", 1),
        ("February", 2),
        ("March", 3),
        ("April", 4),
        ("May", 5),
        ("June", 6),
        ("July", 7),
        ("August", 8),
        ("September", 9),
        ("October", 10),
        ("November", 11),
        ("December", 12),
    ],
)
def test_each_month_is_known_by_its_name_and_three_letters(name: str, month: int) -> None:
    for text in (name, name[:3], name.upper()):
        assert day_words.read(f"{text} 5, 2025", TODAY) == ((date(2025, month, 5),), "")


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("Monday", 23),
        ("Tuesday", 24),
        ("Wednesday", 25),
        ("Thursday", 26),
        ("Friday", 27),
        ("Saturday", 21),
        ("Sunday", 22),
    ],
)
def test_each_weekday_is_known_by_its_name_and_three_letters(name: str, day: int) -> None:
    for text in (name, name[:3], name.upper()):
        assert day_words.read(text, TODAY) == (days(day), "")

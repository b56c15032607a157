from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.mutate.__main__ import EQUIVALENTS, mutants_of
from tests.mutate.mutants import enums_in, mutants


def changes(source: str, enums: dict[str, list[str]] | None = None) -> list[str]:
    return [mutant.change for mutant in mutants(source, enums or {})]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b <= c", ["a [< -> <=] b <= c", "a < b [<= -> <] c"]),
        ("x = a and b", ["x = a [and -> or] b"]),
        ("x = not a", ["x = [not -> ] a"]),
        ("x = 5", ["x = [5 -> 6]", "x = [5 -> 4]"]),
        ("x = True", ["x = [True -> False]"]),
        ("x = 'keep'", ["x = ['keep' -> 'keep~']"]),
        ("x = 'It stays.'", []),
        ("x: 'keep' = y", []),
        ("if a:\n    'It stays.'", ["if [a: -> True:]", "if [a: -> False:]"]),
        ("while a:\n    ...", ["while [a: -> False:]"]),
        ("x = a if b else c", ["x = a if [b -> True] else c", "x = a if [b -> False] else c"]),
        ("x = [a for a in b if c]", ["x = [a for a in b if [c] -> True]]", "x = [a for a in b if [c] -> False]]"]),
        ("def f():\n    return a", ["return [a -> None]"]),
        ("def f():\n    return None", []),
        ("for a in b:\n    continue", ["[continue -> break]"]),
        ("for a in b:\n    break", ["[break -> continue]"]),
        ("send(a)", ["[send(a) -> pass]"]),
        ("assert a == b", []),
        ("x = zip(a, b, strict=True)", []),
        ("@dataclass(frozen=True)\nclass A:\n    'Text.'", []),
    ],
)
def test_each_kind_of_mistake(source: str, expected: list[str]) -> None:
    assert changes(source) == expected


def test_a_member_of_an_enumeration_becomes_the_next() -> None:
    enums = enums_in(["class State(models.TextChoices):\n    SENT = 's'\n    OPEN = 'o'", "class A:\n    SENT = 1"])

    assert changes("x = State.OPEN", enums) == ["x = [State.OPEN -> State.SENT]"]
    assert changes("x = A.SENT", enums) == []


def test_a_mutant_says_where_it_is_and_has_one_mistake() -> None:
    [*_, mutant] = mutants("class A:\n    def f(\n        self,\n    ):\n        return a.b + 'It stays.'\n", {})

    assert (mutant.line, mutant.lines, mutant.function) == (5, range(5, 6), "A.f")
    assert mutant.source == "class A:\n\n    def f(self):\n        return a.b - 'It stays.'"


@pytest.mark.slow
@pytest.mark.parametrize(("module", "excused"), tomllib.loads(EQUIVALENTS.read_text()).items())
def test_each_mutant_that_is_excused_can_be_made(module: str, excused: dict[str, str]) -> None:
    found = mutants_of(Path(__file__).parents[2], [module])[module]

    assert excused.keys() <= {mutant.name for mutant in found}

"""docs/reasons.md agrees with the code, reason by reason."""

from __future__ import annotations

import re
from pathlib import Path

from mapping.desk import wording
from syncjobs.display import warnings
from syncjobs.rules.codes import Code
from syncjobs.rules.reasons import WORDINGS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reasons.md"


def codes_below(heading: str) -> set[str]:
    part = PAGE.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([A-Z_]+)` \|", part, re.MULTILINE))


def test_every_reason_of_an_entry_is_explained_and_none_that_does_not_exist() -> None:
    assert codes_below("Why an entry does not go") == set(WORDINGS) == set(Code)


def test_every_reason_of_a_mismatch_is_explained_and_none_that_does_not_exist() -> None:
    assert codes_below("Why two names are not linked") == set(wording.WRITERS)


def test_every_warning_is_explained() -> None:
    assert set(warnings.WORDINGS) - codes_below("Warnings") == set()


def test_the_page_gives_each_entry_reason_its_remedy_as_the_code_has_it() -> None:
    text = PAGE.read_text()

    for code, explanation in WORDINGS.items():
        assert f"| `{code}` | {explanation.title} |" in text
        assert explanation.fix in text

"""Comparison of names: equality under each matching mode, and the wording of a difference. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import combinations

from anyascii import anyascii

STRICT = "strict"
FORGIVING = "forgiving"
MODES = (STRICT, FORGIVING)

# QuickBooks' suffix of a record made inactive: " (deleted)", or " (deleted-3)" where that name was taken already.
DELETED_SUFFIX = re.compile(r" \(deleted(-[0-9]+)?\)$")
APOSTROPHES = "'\u2018\u2019\u201b\u02bc\u02b9\u2032`\u00b4\uff07"
# fmt: off
LEGAL_FORMS = frozenset(
    [
        "inc", "incorporated", "llc", "llp", "lp", "ltd", "limited", "plc", "corp", "corporation",
        "co", "company", "gmbh", "mbh", "ag", "kg", "ohg", "ug", "se", "sa", "sas", "sarl", "srl",
        "spa", "bv", "nv", "oy", "ab", "as", "aps", "kft", "sro", "pty"
    ]
)
# fmt: on


def identity(name: str) -> str:
    """Return the form in which identical names are equal: Unicode NFC, outer whitespace stripped."""
    return unicodedata.normalize("NFC", name).strip()


@lru_cache(maxsize=20_000)
def forgiving_form(name: str) -> str:
    """Return the form in which names are equal when forgiving: NFKC, casefold, inner spaces collapsed."""
    # Case folding can leave a name denormalized, and normalizing can bring back something to fold.
    folded = unicodedata.normalize("NFKC", name).casefold()
    folded = unicodedata.normalize("NFKC", folded).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def identical(name: str, other_name: str) -> bool:
    """Return whether the names are the same; a missing name equals no other, not even another missing one."""
    return identity(name) != "" and identity(name) == identity(other_name)


def forgiving(name: str, other_name: str) -> bool:
    """Return whether the names are the same apart from compatibility forms, case and the number of inner spaces."""
    return forgiving_form(name) != "" and forgiving_form(name) == forgiving_form(other_name)


def name_key(name: str, *, mode: str) -> str:
    """Return a key that all names share which the mode takes as the same; "" for a missing name."""
    return forgiving_form(name) if mode == FORGIVING else identity(name)


def shared_form(name: str) -> str:
    """Return a form that names have in common whenever any mode takes them as the same; "" for a missing name."""
    return forgiving_form(name) or identity(name)


def same(name: str, other_name: str, *, mode: str) -> bool:
    """Return whether the names are the same under a workspace's matching mode."""
    return forgiving(name, other_name) if mode == FORGIVING else identical(name, other_name)


def strip_deleted(name: str) -> str:
    """Return the name without the suffix QuickBooks gives to records made inactive (Intuit: Customer page)."""
    return DELETED_SUFFIX.sub("", name.rstrip())


def plain_words(name: str) -> list[str]:
    """Return the lower-case ASCII words of a name. For similarity only: two people may well share them."""
    unquoted = _without_apostrophes(unicodedata.normalize("NFKC", name)).replace("&", " and ")
    ascii_name = anyascii(unquoted).casefold()
    return "".join(letter if letter.isalnum() else " " for letter in ascii_name).split()


def without_legal_form(words: list[str]) -> list[str]:
    """Return the words of a company's name without its legal form."""
    return [word for word in words if word not in LEGAL_FORMS]


@lru_cache(maxsize=20_000)
def difference(name: str, other_name: str) -> str:
    """Return how two names differ, in words: "", "case", "case and spaces", or "letters" for anything more."""
    if identity(name) == identity(other_name):
        return ""
    # Wiping out everything at once first: most pairs differ in letters, and need no look at the combinations.
    everything = tuple(ASPECTS)
    if forgiving(name, other_name) or _apply(name, aspects=everything) == _apply(other_name, aspects=everything):
        for size in range(1, len(ASPECTS) + 1):
            for aspects in combinations(ASPECTS, size):
                if _apply(name, aspects=aspects) == _apply(other_name, aspects=aspects):
                    return " and ".join(aspects)
    return "letters"


def _without_apostrophes(name: str) -> str:
    return "".join(letter for letter in name if letter not in APOSTROPHES)


def _without_spaces(name: str) -> str:
    return "".join(name.split())


def _without_punctuation(name: str) -> str:
    spaced = "".join(" " if unicodedata.category(letter)[0] in "PS" else letter for letter in name)
    return " ".join(spaced.split())


def _without_invisible(name: str) -> str:
    return "".join(letter for letter in name if unicodedata.category(letter) not in ("Cf", "Cc"))


def _compatible(name: str) -> str:
    return unicodedata.normalize("NFKC", name)


# The order matters: a difference that several of them would explain is called by the first, the clearest word.
ASPECTS: dict[str, Callable[[str], str]] = {
    "case": str.lower,
    "spaces": _without_spaces,
    "apostrophes": _without_apostrophes,
    "punctuation": _without_punctuation,
    "invisible characters": _without_invisible,
    "character forms": _compatible,
    "accents": anyascii,
}


def _apply(name: str, *, aspects: tuple[str, ...]) -> str:
    """Return the name with the given differences removed; spaces go last, since other steps may add some."""
    reduced = identity(name)
    for aspect in reversed(ASPECTS):
        if aspect in aspects:
            reduced = ASPECTS[aspect](reduced)
    return reduced if "spaces" in aspects else reduced.strip()

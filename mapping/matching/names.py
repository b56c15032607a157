"""What counts as the same name, and in which words two names differ. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from itertools import combinations

from anyascii import anyascii

STRICT = "strict"
FORGIVING = "forgiving"
MODES = (STRICT, FORGIVING)

DELETED_SUFFIX = " (deleted)"
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
    """The form in which identical names are equal: Unicode NFC, outer whitespace stripped."""
    return unicodedata.normalize("NFC", name).strip()


def forgiving_form(name: str) -> str:
    """The form in which names are equal when forgiving: NFKC, casefold, inner spaces collapsed."""
    # Folding can leave a name denormalised, and normalising can bring back something to fold.
    folded = unicodedata.normalize("NFKC", name).casefold()
    folded = unicodedata.normalize("NFKC", folded).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def identical(one: str, other: str) -> bool:
    """Same name; a missing name is the same as none, not even another missing one."""
    return identity(one) != "" and identity(one) == identity(other)


def forgiving(one: str, other: str) -> bool:
    """Same name when compatibility forms, case and the number of inner spaces are forgiven."""
    return forgiving_form(one) != "" and forgiving_form(one) == forgiving_form(other)


def name_key(name: str, *, mode: str) -> str:
    """What the names one mode takes as the same have in common; "" for a missing name."""
    return forgiving_form(name) if mode == FORGIVING else identity(name)


def same(one: str, other: str, *, mode: str) -> bool:
    """Same name under a workspace's matching mode."""
    return forgiving(one, other) if mode == FORGIVING else identical(one, other)


def strip_deleted(name: str) -> str:
    """The name without the suffix QuickBooks gives to records made inactive (Intuit: Customer page)."""
    return name.rstrip().removesuffix(DELETED_SUFFIX)


def plain_words(name: str) -> list[str]:
    """Lower-case ASCII words of a name, for likeness only: two people may well share them."""
    unquoted = _without_apostrophes(unicodedata.normalize("NFKC", name)).replace("&", " and ")
    ascii_name = anyascii(unquoted).casefold()
    return "".join(letter if letter.isalnum() else " " for letter in ascii_name).split()


def without_legal_form(words: list[str]) -> list[str]:
    """The words of a company's name that are not its legal form."""
    return [word for word in words if word not in LEGAL_FORMS]


def difference(one: str, other: str) -> str:
    """In what two names differ, in words: "", "case", "case and spaces", or "letters" for anything more."""
    if identity(one) == identity(other):
        return ""
    if _apply(one, aspects=tuple(ASPECTS)) == _apply(other, aspects=tuple(ASPECTS)):
        for size in range(1, len(ASPECTS) + 1):
            for aspects in combinations(ASPECTS, size):
                if _apply(one, aspects=aspects) == _apply(other, aspects=aspects):
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


# In this order a difference that several of them would explain gets its most telling word.
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
    """The name with the given differences wiped out; spaces go last, since other steps may add some."""
    wiped = identity(name)
    for aspect in reversed(ASPECTS):
        if aspect in aspects:
            wiped = ASPECTS[aspect](wiped)
    return wiped if "spaces" in aspects else wiped.strip()

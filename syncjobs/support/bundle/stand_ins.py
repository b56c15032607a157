"""Stand-ins for names and texts, letter by letter, with which matching comes to the same results. Pure.

Each letter becomes another one of its kind: a vowel a vowel, a capital a capital, a letter of another script one of
that script. Accents, spaces, punctuation, digits and Unicode's forms stay. So names are equal, equal when forgiving,
or alike exactly where the true ones are. What has no letter of its kind stays as it is (ß, ligatures, full-width
letters), and so do the letters that matching takes it for.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import groupby

from anyascii import anyascii

from mapping.matching.names import LEGAL_FORMS, forgiving_form

Group = tuple[int, str]
VOWELS, CONSONANTS = "aeiou", "bcdfghjklmnpqrstvwxyz"
# Of Unicode's conjoining letters of Hangul, which only compose in their order: first, vowel, last.
HANGUL = ((0x1100, 0x1112), (0x1161, 0x1175), (0x11A8, 0x11C2))
# Words that matching or reading takes for something: they stay, and no other word becomes one of them.
ENTITY_WORDS = frozenset(["amp", "lt", "gt", "quot", "apos", "39", "x27"])
KEPT_WORDS = LEGAL_FORMS | ENTITY_WORDS | {"and", "deleted"}
# Texts with fewer letters and digits than this are replaced letter by letter: a random one might hit another's.
SHORT_TEXT = 8
INVALID = ".invalid"


class StandIns:
    """Stand-ins under one secret key; `names`: all names there are, since their odd letters bind others."""

    def __init__(self, key: bytes, names: Iterable[str] = ()) -> None:
        self._key = key
        self._bound: set[str] = set()
        for char in {char for name in names for char in unicodedata.normalize("NFD", name)}:
            self._bound |= _bound_letters(char)
        self._next: dict[str, str] = {}

    def name(self, text: str) -> str:
        """Return the stand-in of a name."""
        return _in_form_of(text, "".join(self._word(word) if is_word else word for is_word, word in _words(text)))

    def email(self, address: str) -> str:
        """Return the stand-in of an e-mail address, below a domain that exists nowhere."""
        stand_in = self.name(address)
        return stand_in + INVALID if "@" in address else stand_in

    def text(self, text: str, *, meaning: str | None = None) -> str:
        """Return the stand-in of a description: other letters for each text, the same for equal ones.

        `meaning`: the text as it is compared with others, where that is not its spelling.
        """
        meaning = text if meaning is None else meaning
        letters = sum(1 for char in meaning if char.isalnum())
        if letters < SHORT_TEXT:
            return self._short.name(text)
        choose = _stream(self._key, meaning, length=len(unicodedata.normalize("NFD", text)))
        words = (
            _drawn(word, choose) if is_word and forgiving_form(word) not in ENTITY_WORDS else word
            for is_word, word in _words(text)
        )
        return _in_form_of(text, "".join(words))

    @property
    def _short(self) -> StandIns:
        # Another alphabet, so that texts say nothing about names.
        short = StandIns(hmac.digest(self._key, b"texts", "sha256"))
        short._bound = self._bound
        return short

    def _word(self, word: str) -> str:
        if forgiving_form(word) in KEPT_WORDS:
            return word
        stand_in = self._shifted(word)
        while forgiving_form(stand_in) in KEPT_WORDS:
            stand_in = self._shifted(stand_in)
        return stand_in

    def _shifted(self, word: str) -> str:
        return _by_letter(word, self._letter)

    def _letter(self, letter: str, group: Group) -> str:
        if letter not in self._next:
            members = [member for member in _members(group) if member not in self._bound]
            members.sort(key=lambda member: hmac.digest(self._key, member.encode(), "sha256"))
            self._next |= dict(zip(members, [*members[1:], *members[:1]], strict=True))
        return self._next.get(letter, letter)


def _words(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the text in pieces, each with whether it is a word."""
    for is_word, chars in groupby(text, _is_of_word):
        yield is_word, "".join(chars)


@lru_cache(maxsize=4096)
def _is_of_word(char: str) -> bool:
    # No apostrophes, which may be written as entities.
    return unicodedata.category(char)[0] == "M" or any(part.isalnum() for part in unicodedata.normalize("NFKC", char))


def _by_letter(word: str, letter_of: Callable[[str, Group], str]) -> str:
    """Return the word with each letter replaced, its accents and case kept."""
    pieces = []
    for char in word:
        parts = unicodedata.normalize("NFD", char)
        replaced = "".join(_replaced(part, letter_of) for part in parts)
        pieces.append(replaced if parts == char else unicodedata.normalize("NFC", replaced))
    return "".join(pieces)


def _replaced(char: str, letter_of: Callable[[str, Group], str]) -> str:
    group = _group(char)
    if group is None:
        return char
    lower = char.lower()
    replaced = letter_of(lower, group)
    return replaced if lower == char else replaced.upper()


def _in_form_of(text: str, stand_in: str) -> str:
    """Return the stand-in composed or decomposed as the text is; where it is both or neither, as it came."""
    is_composed, is_decomposed = (unicodedata.is_normalized(form, text) for form in ("NFC", "NFD"))
    if is_composed == is_decomposed:
        return stand_in
    return unicodedata.normalize("NFC" if is_composed else "NFD", stand_in)


@lru_cache(maxsize=70_000)
def _group(char: str) -> Group | None:
    """Return the kind of a letter that may stand for others of its kind; None for any other character."""
    lower = char.lower()
    if lower in VOWELS or lower in CONSONANTS:
        return (0, "vowel") if lower in VOWELS else (0, "consonant")
    code, category = ord(char), unicodedata.category(lower) if len(lower) == 1 else ""
    for first, last in HANGUL:
        if first <= code <= last:
            return first, "hangul"
    if category not in ("Ll", "Lo") or 0x1100 <= code <= 0x11FF or not _is_plain(char, lower):
        return None
    name = unicodedata.name(char, "LATIN")
    # Of Han ideographs there are ten thousands, of other scripts' letters less than a block's 128.
    if name.startswith("LATIN"):
        return None
    # Of the few small letters without a capital, none may stand for one that has.
    kind = category if lower.upper() == lower else "cased"
    return (code >> 10 if name.startswith("CJK") else ord(lower) >> 7), kind


def _is_plain(char: str, lower: str) -> bool:
    """Return whether folding case does no more to a letter than to change its case, and its form is the only one."""
    upper = lower.upper()
    has_case = char in (lower, upper) and len(upper) == 1 and upper.lower() == lower == char.casefold()
    return has_case and unicodedata.normalize("NFKD", char) == char and unicodedata.normalize("NFKD", upper) == upper


@lru_cache(maxsize=512)
def _members(group: Group) -> tuple[str, ...]:
    """Return the letters of a kind, small ones where there are capitals."""
    block, kind = group
    if kind in ("vowel", "consonant"):
        return tuple(VOWELS if kind == "vowel" else CONSONANTS)
    if kind == "hangul":
        return tuple(chr(code) for first, last in HANGUL if first == block for code in range(first, last + 1))
    chars = (chr(code) for width in (7, 10) for code in range(block << width, (block + 1) << width) if code < 0x110000)
    return tuple(char for char in chars if char == char.lower() and _group(char) == group)


@lru_cache(maxsize=4096)
def _bound_letters(char: str) -> frozenset[str]:
    """Return the letters that matching takes a character for which stays as it is; these have to stay as well."""
    if _group(char) is not None:
        return frozenset()
    taken_for = forgiving_form(char)
    if unicodedata.name(char, "").startswith(("LATIN", "FULLWIDTH LATIN")):
        taken_for += anyascii(char).casefold()
    return frozenset(part for part in unicodedata.normalize("NFD", taken_for) if _group(part) is not None)


def _stream(key: bytes, meaning: str, *, length: int) -> Callable[[int], int]:
    """Return a function that draws numbers below a limit, `length` times, the same ones for equal texts."""
    seed = hmac.digest(key, b"text " + meaning.encode(errors="surrogatepass"), "sha256")
    drawn = iter(memoryview(hashlib.shake_256(seed).digest(2 * length)).cast("H"))
    return lambda limit: next(drawn) % limit


def _drawn(word: str, choose: Callable[[int], int]) -> str:
    def letter_of(letter: str, group: Group) -> str:
        members = _members(group)
        return members[choose(len(members))]

    digits = "".join(str(choose(10)) if char.isascii() and char.isdigit() else char for char in word)
    return _by_letter(digits, letter_of)

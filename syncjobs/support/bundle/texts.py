"""The one way of every text into a bundle: secrets are masked, and names replaced where that was asked for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from config import scrubber
from syncjobs.support.bundle.stand_ins import StandIns

# Ids, numbers and times as the vendors write them: no names, and too short and too plain for a secret.
IDS = r"[0-9a-f]{24}|[0-9]{0,32}|[0-9]{4}-[0-9]{2}-[0-9]{2}[0-9T:.,+Z-]{0,22}"
ID = re.compile(IDS)
# Codes as well, where a text is known to hold no name.
PLAIN = re.compile(rf"{IDS}|[A-Z_]{{0,39}}")
WORD = re.compile(r"\w+")
EMAIL = re.compile(r"[\w.+'’-]+@[\w-]+(?:\.[\w-]+)+")
QUOTED = re.compile(r"(?<=“)[^“”]+(?=”)")
Replace = Callable[[str], str]


class Texts:
    """Texts as they are, but for secrets; with stand-ins, names, addresses and descriptions are replaced too.

    `names`: all names there are, which are replaced within sentences as well.
    """

    def __init__(self, stand_ins: StandIns | None = None, names: Iterable[str] = ()) -> None:
        self._stand_ins = stand_ins
        self._known = _KnownNames(names) if stand_ins else None
        self.name: Replace = lru_cache(maxsize=50_000)(self._name)
        self.email: Replace = lru_cache(maxsize=5_000)(self._email)
        self.message: Replace = lru_cache(maxsize=5_000)(self._message)

    @property
    def replaces_names(self) -> bool:
        return self._stand_ins is not None

    def plain(self, text: str) -> str:
        """Return a text that holds no name, such as an id or a code."""
        return text if PLAIN.fullmatch(text) else scrubber.scrub(text)

    def _name(self, text: str) -> str:
        scrubbed = scrubber.scrub(text)
        return self._stand_ins.name(scrubbed) if self._stand_ins else scrubbed

    def _email(self, text: str) -> str:
        scrubbed = scrubber.scrub(text)
        return self._stand_ins.email(scrubbed) if self._stand_ins else scrubbed

    def description(self, text: str, *, meaning: str | None = None) -> str:
        """Return what a person wrote; `meaning`: that text as it is compared, where its spelling differs."""
        scrubbed = scrubber.scrub(text)
        if self._stand_ins is None or not scrubbed:
            return scrubbed
        return self._stand_ins.text(scrubbed, meaning=None if meaning is None else scrubber.scrub(meaning))

    def _message(self, text: str) -> str:
        """Return a sentence of ours or of a vendor, with the names and addresses in it replaced."""
        scrubbed = scrubber.scrub(text)
        if self._stand_ins is None or self._known is None:
            return scrubbed
        return "".join(
            self._replaced_name(piece) if is_name else piece for is_name, piece in self._known.pieces(scrubbed)
        )

    def _replaced_name(self, piece: str) -> str:
        assert self._stand_ins is not None
        return self._stand_ins.email(piece) if EMAIL.fullmatch(piece) else self._stand_ins.name(piece)

    def value(self, value: Any, key: str = "") -> Any:
        """Return a JSON value with the texts in it taken as sentences, or as descriptions where their key says so."""
        if isinstance(value, str):
            if key == "description":
                return self.description(value)
            return value if ID.fullmatch(value) else self.message(value)
        if isinstance(value, dict):
            return {self.plain(str(name)): self.value(item, name) for name, item in value.items()}
        return [self.value(item) for item in value] if isinstance(value, list | tuple) else value


class _KnownNames:
    """Finds the names that are known in a text, the longest first; also addresses, and what stands in “quotes”."""

    def __init__(self, names: Iterable[str]) -> None:
        # By a name's first word: the names, each with where that word begins.
        self._by_word: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for name in sorted({name.strip() for name in names}, key=len, reverse=True):
            first = WORD.search(name)
            if first is not None and not name.isdigit() and len(name) > 1:
                self._by_word[first[0]].append((first.start(), name))

    def pieces(self, text: str) -> Iterator[tuple[bool, str]]:
        """Yield the text in pieces, each with whether it is to be replaced."""
        done = 0
        for start, end in self._spans(text):
            if start < done:
                continue
            yield False, text[done:start]
            yield True, text[start:end]
            done = end
        yield False, text[done:]

    def _spans(self, text: str) -> list[tuple[int, int]]:
        spans = [match.span() for pattern in (EMAIL, QUOTED) for match in pattern.finditer(text)]
        for word in WORD.finditer(text):
            for offset, name in self._by_word.get(word[0], ()):
                start, end = word.start() - offset, word.start() - offset + len(name)
                if start >= 0 and text.startswith(name, start) and not text[end : end + 1].isalnum():
                    spans.append((start, end))
                    break
        return sorted(spans, key=lambda span: (span[0], -span[1]))

"""The one scrubber: it masks secrets in whatever is about to be logged, stored, shown, printed or reported.

It knows the secrets that this process has used (`learn`), in the encodings in which others quote them, and the forms
that secrets usually have. A text is scrubbed before it is cut, since half a secret is not recognized.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

MASK = "[secret]"
# What is shorter is no secret, and masking it would garble every text.
SHORTEST = 6
# Secrets learned last; those of the settings stay beside them. Tokens are replaced every hour.
MAX_LEARNED = 200
# Of a secret; a text that is cut is searched this far beyond the cut. Intuit's access tokens have about 1000.
MAX_LENGTH = 4096
# Of secrets from this length on, parts are masked as well: whoever quotes them may cut them.
PARTS_FROM = 32
WINDOW, STRIDE = 12, 4

# Line breaks and invisible characters in a quoted secret do not hide it.
_GAPS = re.compile("[\\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")

_VALUE = r"""[^\s"'&,;<>\\]"""
_NAMES = (
    r"(?:x[-_ ]?)?api[-_ ]?key|(?:access|refresh|id|addon|verifier|auth|metrics)[-_ ]?token|client[-_ ]?secret"
    r"|(?:secret|private|encryption)[-_ ]?keys?|passw(?:or)?d|authorization(?=\\*[\"']?\s*[=:%])"
)
# A digit, or a length that no word has: prose such as "API key: invalid" stays readable.
_LOOKS_RANDOM = rf"(?=[^\s\"'&,;<>\\]{{0,300}}\d|{_VALUE}{{20}})"
_NAMED = ("key", "token", "secret", "passw", "authorization")
# Pattern, replacement, and words of which one must be there: looking for those first is ten times as fast.
_PATTERNS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # Bearer and Basic credentials, with or without the header's name.
    (
        r"\b(bearer|basic)(\s+|%20)(?=[\w.~+/=-]{0,300}\d|[\w.~+/=-]{20})[\w.~+/=\[\]-]{6,}",
        rf"\1\2{MASK}",
        ("bearer", "basic"),
    ),
    # refresh_token=…, also encoded, and "refresh_token": "…", also with escaped quotes.
    (rf"((?:{_NAMES})\\*[\"']?\s*(?:=|%3d)\s*\\*[\"']?)(?!(?:bearer|basic)\b){_VALUE}+", rf"\1{MASK}", _NAMED),
    (rf"((?:{_NAMES})\\*[\"']\s*:\s*\\*[\"'])(?!(?:bearer|basic)\b){_VALUE}+", rf"\1{MASK}", _NAMED),
    # X-Api-Key: …, API key … and the like, in prose.
    (rf"((?:{_NAMES})(?:\s+is)?\s*[:\s]\s*[\"'“‘]?){_LOOKS_RANDOM}{_VALUE}{{8,}}", rf"\1{MASK}", _NAMED),
    (rf"([?&](?:code|token|key|secret|signature)=){_VALUE}+", rf"\1{MASK}", ("?", "&")),
    # Passwords in addresses, JSON Web Tokens, and Intuit's tokens (as in its documentation).
    (r"\b([a-z][a-z0-9+.-]{0,20}://[^\s/:@\"']{0,200}):[^\s/@\"']{1,300}@", rf"\1:{MASK}@", ("://",)),
    (r"\beyJ[\w-]{10,}(?:\.[\w-]*)+", MASK, ("eyj",)),
    (r"\bAB\d\d[a-z0-9]{30,}", MASK, ("ab0", "ab1")),
    (r"\bRT1-\d+-[a-z]\d-[a-z0-9]{10,}", MASK, ("rt1-",)),
    # Any other long mix of digits, small and capital letters: neither words nor the vendors' ids are like that.
    (
        r"(?-i:(?<![\w-])(?=[\w-]{0,300}\d)(?=[\w-]{0,300}[a-z])(?=[\w-]{0,300}[A-Z])[\w-]{40,}={0,2})",
        MASK,
        ("",),
    ),
)
_COMPILED = [(re.compile(pattern, re.IGNORECASE), masked, words) for pattern, masked, words in _PATTERNS]

# Names of environment variables and options that hold secrets.
_SECRET_NAME = re.compile(r"(?:^|[-_])(?:key|keys|secret|token|password|passwd)$", re.IGNORECASE)
_SECRET_OPTIONS = ("--api-key", "--refresh-token")


class _Known:
    """The secrets that were learned, prepared for the search. Learning takes a lock; searching takes none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Forms by secret, oldest first.
        self._lasting: dict[str, Sequence[str]] = {}
        self._learned: dict[str, Sequence[str]] = {}
        # What to search for: short forms, and pieces of long ones with their places there.
        self._whole: list[str] = []
        self._pieces: dict[str, list[tuple[str, int]]] = {}

    def learn(self, secret: str, *, lasting: bool) -> None:
        if secret in self._lasting or secret in self._learned or not SHORTEST <= len(secret) <= MAX_LENGTH:
            return
        forms = _forms(secret)
        with self._lock:
            (self._lasting if lasting else self._learned)[secret] = forms
            if len(self._learned) <= MAX_LEARNED:
                _prepare(forms, self._whole, self._pieces)
                return
            newest = list(self._learned)[-MAX_LEARNED // 2 :]
            self._learned = {name: self._learned[name] for name in newest}
            whole: list[str] = []
            pieces: dict[str, list[tuple[str, int]]] = {}
            for forms in (*self._lasting.values(), *self._learned.values()):
                _prepare(forms, whole, pieces)
            # Replaced at once, so that other threads search for the old ones until then.
            self._whole, self._pieces = whole, pieces

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield start and end of each secret, or part of one, in a text without gaps and in lower case."""
        for form in self._whole:
            start = text.find(form)
            while start >= 0:
                yield start, start + len(form)
                start = text.find(form, start + 1)
        pieces = self._pieces
        ends: dict[str, int] = {}
        for at in [at for at in range(len(text) - WINDOW + 1) if text[at : at + WINDOW] in pieces]:
            for form, offset in pieces[text[at : at + WINDOW]]:
                if at >= ends.get(form, 0):
                    start, ends[form] = _grown(text, at, form, offset)
                    yield start, ends[form]


def _prepare(forms: Iterable[str], whole: list[str], pieces: dict[str, list[tuple[str, int]]]) -> None:
    for form in forms:
        if len(form) < PARTS_FROM:
            whole.append(form)
            continue
        for offset in range(0, len(form) - WINDOW + 1, STRIDE):
            pieces.setdefault(form[offset : offset + WINDOW], []).append((form, offset))


def _grown(text: str, at: int, form: str, offset: int) -> tuple[int, int]:
    """Return how far the text agrees with the form on both sides of a piece at `at`, which is at `offset` there."""
    start, end = at, at + WINDOW
    while start > 0 and at - start < offset and text[start - 1] == form[offset - (at - start) - 1]:
        start -= 1
    while end < len(text) and offset + end - at < len(form) and text[end] == form[offset + end - at]:
        end += 1
    return start, end


def _forms(secret: str) -> Sequence[str]:
    """Return how a secret may be quoted: plain, for URLs, JSON and HTML, as repr, and within any Base64."""
    forms = {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        secret.replace("/", "\\/"),
        html.escape(secret),
        repr(secret)[1:-1],
    }
    raw = secret.encode(errors="surrogatepass")
    # Base64 takes three bytes at a time: what stands before the secret decides which three characters it becomes.
    for before in range(3):
        first, last = -(-before * 4 // 3), (before + len(raw)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            inner = encode(b"\0" * before + raw).decode()[first:last]
            if len(inner) >= max(SHORTEST, 8):
                forms.add(inner)
    return [form for form in {_flat(form) for form in forms} if len(form) >= SHORTEST]


def _flat(text: str) -> str:
    """Return the text without gaps and in lower case."""
    return _lower(_GAPS.sub("", text))


def _lower(text: str) -> str:
    """Return the text in lower case and of the same length, which a few letters would change."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


_known = _Known()


def learn(*secrets: str | None, lasting: bool = False) -> None:
    """Remember secrets that this process uses; `lasting`: for as long as it lives, such as those of the settings."""
    for secret in secrets:
        if secret:
            _known.learn(secret.strip(), lasting=lasting)


def scrub(text: str, most: int | None = None) -> str:
    """Return the text with every known secret, and what looks like one, masked; `most`: of its first characters only.

    Secrets that go on beyond `most` are masked as well.
    """
    scrubbed = scrub_known(text, most)
    if not scrubbed:
        return scrubbed
    lowered = scrubbed.lower()
    for pattern, masked, words in _COMPILED:
        if any(word in lowered for word in words):
            scrubbed = pattern.sub(masked, scrubbed)
    return scrubbed


def scrub_known(text: str, most: int | None = None) -> str:
    """Return the text with every known secret masked, and nothing else: for people's own data, which stays as it is."""
    if not text:
        return text
    text = text if most is None else text[: most + MAX_LENGTH]
    most = len(text) if most is None else most
    ranges = sorted(_known.find(_flat(text)))
    if not ranges:
        return text[:most]
    places = [place for place, char in enumerate(text) if not _GAPS.match(char)]
    parts: list[str] = []
    done = 0
    for first, after in ranges:
        start, end = places[first], places[after - 1] + 1
        if start >= most:
            break
        if start > done or not parts:
            parts += [text[done:start], MASK]
        done = max(done, end)
    return "".join(parts) + text[done:most]


def scrub_values(value: Any) -> Any:
    """Return a structure of dicts and lists in which every text is scrubbed."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {name: scrub_values(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [scrub_values(item) for item in value]
    return value


def learn_environment(environment: Mapping[str, str]) -> None:
    """Learn what variables hold by their names (SECRET_KEY, ENCRYPTION_KEYS, …), and passwords in addresses."""
    for name, value in environment.items():
        if _SECRET_NAME.search(name):
            learn(*value.split(","), value, lasting=True)
        elif "://" in value:
            learn(*_passwords(value), lasting=True)


def _passwords(url: str) -> list[str]:
    """Return the password in an address, as written and decoded; [] for none, or for one that its name tells."""
    try:
        parts = urlsplit(url)
        password = parts.password or ""
    except ValueError:
        return []
    told = {parts.username, parts.hostname, parts.scheme, parts.path.strip("/")}
    return [] if password in told else [password, unquote(password)]


def learn_arguments(arguments: Sequence[str]) -> None:
    """Learn secrets from a command line before it is parsed, since a usage error quotes it."""
    for number, argument in enumerate(arguments):
        name, separator, value = argument.partition("=")
        is_short_form = len(name) > 3 and any(option.startswith(name) for option in _SECRET_OPTIONS)
        if name.startswith("--") and (is_short_form or _SECRET_NAME.search(name)):
            learn(value if separator else "".join(arguments[number + 1 : number + 2]))

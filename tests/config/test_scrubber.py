"""The scrubber masks the secrets it knows, however they are quoted or cut, and what looks like one; prose stays."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from config import scrubber
from config.scrubber import MASK, scrub, scrub_known

KEY = "Zx9/+aBc&DeFgHiJkLmNoPqRsTuVwXyZ0123456789abcdEf="
PASSWORD = "w'a \"d\\é-4411"


@pytest.fixture(autouse=True)
def known() -> None:
    scrubber.learn(KEY, PASSWORD)


def base64_after(count: int) -> Callable[[str], str]:
    return lambda secret: base64.b64encode(b"x" * count + f":{secret}".encode()).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "capitals": str.upper,
    "URL": lambda secret: quote(secret, safe=""),
    "URL, small letters": lambda secret: quote(secret, safe="").lower(),
    "form": quote_plus,
    "JSON": lambda secret: json.dumps({"key": secret}),
    "JSON as it is": lambda secret: json.dumps({"key": secret}, ensure_ascii=False),
    "JSON of PHP": lambda secret: json.dumps(secret).replace("/", "\\/"),
    "HTML": html.escape,
    "repr": repr,
    "two lines": lambda secret: f"{secret[:7]}\r\n{secret[7:]}",
    "invisible": lambda secret: "\u200b".join(secret),
    **{f"Base64 after {count}": base64_after(count) for count in range(4)},
    "Base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
}


@pytest.mark.parametrize("secret", [KEY, PASSWORD])
@pytest.mark.parametrize("form", FORMS)
def test_a_known_secret_is_masked_in_every_encoding(form: str, secret: str) -> None:
    written = FORMS[form](secret)

    scrubbed = scrub_known(f"before {written} after")

    assert MASK in scrubbed and scrubbed.startswith("before ") and scrubbed.endswith(" after")
    # Base64 mixes what stands before and after into one or two letters.
    assert len(scrubbed) - len("before  after") <= len(MASK) + 12


@pytest.mark.parametrize("piece", [KEY[:24], KEY[-24:], KEY[9:33]])
def test_a_part_of_a_long_secret_is_masked(piece: str) -> None:
    assert scrub(f"It begins with {piece}…") == f"It begins with {MASK}…"


@pytest.mark.parametrize("most", range(1, 60))
def test_a_text_is_scrubbed_before_it_is_cut(most: int) -> None:
    assert scrub(f"Key {KEY} is bad", most) in {"Key "[:most], f"Key {MASK}", f"Key {MASK}{' is bad'[: most - 53]}"}


@pytest.mark.parametrize(
    ("written", "scrubbed"),
    [
        ("Authorization: Bearer abc.DEF-123456 is stale", f"Authorization: Bearer {MASK} is stale"),
        ("Authorization: Basic aWQ6c2VjcmV0", f"Authorization: Basic {MASK}"),
        ("authorization: abcd1234efgh", f"authorization: {MASK}"),
        ("X-Api-Key: abcd1234efgh", f"X-Api-Key: {MASK}"),
        ("The API key AAAA1111BBBB2222 is not valid", f"The API key {MASK} is not valid"),
        ("grant_type=refresh&refresh_token=abc&x=1", f"grant_type=refresh&refresh_token={MASK}&x=1"),
        ("refresh_token%3Dabc", f"refresh_token%3D{MASK}"),
        ('{"access_token": "abc", "n": 1}', f'{{"access_token": "{MASK}", "n": 1}}'),
        (r"{\"client_secret\":\"abc\"}", rf"{{\"client_secret\":\"{MASK}\"}}"),
        ("/callback/?state=1&code=abc", f"/callback/?state=1&code={MASK}"),
        ("postgres://name:word@host/base", f"postgres://name:{MASK}@host/base"),
        ("redis://:word@host/0", f"redis://:{MASK}@host/0"),
        ("a eyJhbGciOiJkaXIiLCJlbmMi..abc.def-g b", f"a {MASK} b"),
        ("AB11" + "7x" * 20, MASK),
        ("RT1-58-H0-1735689600abcdef", MASK),
        ("key YTUxMDBhZWQtNGI5ZC00YmQyLTk5MWItYjE0MmM0MDJhZmY1 is bad", f"key {MASK} is bad"),
    ],
)
def test_what_looks_like_a_secret_is_masked(written: str, scrubbed: str) -> None:
    assert scrub(written) == scrubbed
    assert scrub(scrubbed) == scrubbed


@pytest.mark.parametrize(
    "prose",
    [
        "",
        "API key: invalid. Use a basic plan, or a bearer of good news.",
        "The access token expired, and the refresh token is older than 100 days.",
        'Bearer realm="Intuit", error="invalid_token"',
        "/v3/company/123146/timeactivity?requestid=5c1fbf2e-6c5e-4d71-9b54-3a9ad6a1d3c9",
        "Authorization failed (401, code 3200).",
        "intuit_tid 1-65f0c1d2-0a1b2c3d4e5f60718293a4b5, hash " + "9f86d081884c7d65" * 4,
        "/query?query=select+%2A+from+TimeActivity+where+TxnDate+%3E%3D+%272026-03-01%27+orderby+Id",
        "https://api.clockify.me:443/api/v1 at 10:30@noon",
        "Zoë & 株式会社 ẞİ",
    ],
)
def test_prose_and_addresses_stay(prose: str) -> None:
    assert scrub(prose) == prose


def test_secrets_of_the_environment_are_learned_by_name_and_from_addresses() -> None:
    scrubber.learn_environment(
        {
            "ENCRYPTION_KEYS": "first-fernet-key,second-fernet-key",
            "METRICS_TOKEN": "token-of-metrics",
            "DATABASE_URL": "postgres://hourbridge:p%40ss-of-data@db/hourbridge",
            "REDIS_URL": "redis://:hourbridge-cache@cache/0",
            "OTHER_URL": "postgres://plain-name:plain-name@db/base",
            "LANG": "unchanged-language",
        }
    )

    text = "second-fernet-key token-of-metrics p@ss-of-data p%40ss-of-data hourbridge-cache"
    assert scrub_known(text) == " ".join([MASK] * 5)
    assert scrub_known("plain-name unchanged-language") == "plain-name unchanged-language"


@pytest.mark.parametrize("option", ["--api-key", "--api-k", "--refresh-token", "--ref", "--client-secret"])
def test_secrets_of_a_command_line_are_learned_before_it_is_parsed(option: str) -> None:
    scrubber.learn_arguments(["manage.py", option, f"{option}-value", f"{option}={option}-other"])

    assert scrub_known(f"unrecognized arguments: {option}-value {option}-other") == (
        f"unrecognized arguments: {MASK} {MASK}"
    )


def test_only_the_newest_secrets_are_kept_beside_those_of_the_settings() -> None:
    scrubber.learn("lasting-secret-1", lasting=True)
    for number in range(scrubber.MAX_LEARNED + 1):
        scrubber.learn(f"{number:04d}-passing-secret")

    assert scrub_known(f"{scrubber.MAX_LEARNED:04d}-passing-secret lasting-secret-1") == f"{MASK} {MASK}"
    assert scrub_known("0000-passing-secret") == "0000-passing-secret"


def test_short_texts_are_no_secrets() -> None:
    scrubber.learn("abc", "", None)

    assert scrub_known("abc") == "abc"

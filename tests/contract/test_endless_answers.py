"""Answers that drip, swell or nest for ever end a command soon, with one sentence, and hold nothing up."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest

from integrations.models import ApiCall, RateBucket
from sandbox.clockify.state import ADMIN_KEY
from sandbox.data.datasets import REALM
from syncjobs.models import Run
from tests.support.raw_server import Script, dripping, flooding, head, plain, serving
from tests.support.scene import Scene, run_command

MIB = 1024 * 1024
BOMB = gzip.compress(b"[" + b" " * 60 * MIB + b"]")
SHAPES: dict[str, tuple[Script, str]] = {
    "dripping body": (dripping(head(Content_Length="100000")), "did not answer"),
    "dripping headers": (dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), "did not answer"),
    "dripping error": (dripping(head("500 Sorry")), "did not answer"),
    "flood": (flooding(head(), b" " * MIB, 100), "more than 32 MiB"),
    "flood in an error": (flooding(head("403 No"), b" " * MIB, 100), "more than 1 MiB"),
    "bomb": (plain(BOMB, Content_Encoding="gzip"), "more than 32 MiB"),
    "tower": (plain(b"[" * 100_000 + b"]" * 100_000), "no JSON"),
    "tower in an error": (plain(b"[" * 100_000, "404 None"), "404"),
    "redirect": (plain(b"", "307 Moved", Location="http://127.0.0.1:9/"), "307"),
    "lines": (plain(json.dumps({"message": "line\n" * 9000, "code": "x\n" * 900}).encode(), "400 Bad"), "400"),
}


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest, settings: Any) -> tuple[Script, str]:
    settings.GIVE_UP_SECONDS = 1.5
    return SHAPES[request.param]


@pytest.mark.sample(4)
def test_clockify_without_an_end(scene: Scene, shape: tuple[Script, str]) -> None:
    script, words = shape
    with serving(script) as server:
        began = time.monotonic()
        address = ["--api-url", server.url, "--reports-url", server.url]
        result = run_command("connect_clockify", "--api-key", ADMIN_KEY, *address)

    assert time.monotonic() - began < 20
    assert result.code == 3 and words in result["error"]["message"]
    assert_one_short_line(result["error"]["message"])


@pytest.mark.sample(4)
def test_quickbooks_without_an_end(scene: Scene, shape: tuple[Script, str], settings: Any) -> None:
    script, words = shape
    sandbox_url = settings.QUICKBOOKS_API_URL
    with serving(script) as server:
        settings.QUICKBOOKS_API_URL = server.url
        began = time.monotonic()
        result = scene.check()

    assert time.monotonic() - began < 20
    run = Run.objects.get()
    assert (result.code, run.status) == (3, "failed")
    assert words in run.error_message or "no JSON object" in run.error_message or "in a form" in run.error_message
    assert_one_short_line(run.error_message)
    settings.QUICKBOOKS_API_URL = sandbox_url
    assert scene.check().code == 0, "the next run goes on, and the connection was not lost"


def assert_one_short_line(message: str) -> None:
    assert len(message) < 500 and "\n" not in message
    problems = ApiCall.objects.exclude(problem="").values_list("problem", flat=True)
    assert all(len(problem) <= 300 and "\n" not in problem for problem in problems)
    assert not RateBucket.objects.filter(key=f"quickbooks:{REALM}", blocked_until__gt=0).exists()

"""Where no PostgreSQL can be had, no test is left out that the other pass leaves to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support import postgres


@pytest.fixture
def no_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def none(folder: Any) -> Iterator[tuple[str, str]]:
        raise postgres.NoPostgres("not installed")
        yield "", ""

    for name in ("debian_server", "packaged_server"):
        monkeypatch.setattr(postgres, name, none)
    monkeypatch.setattr(postgres.signal, "signal", lambda *_: None)
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.delenv("REQUIRE_POSTGRES", raising=False)


@pytest.mark.parametrize(("share", "played"), [([], ""), (["--share"], "played\n")])
def test_only_a_share_of_the_tests_is_played_elsewhere(
    no_postgres: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], share: list[str], played: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["postgres", "--", sys.executable, "-c", "print('played')", *share])

    assert postgres.main() == 0

    shown = capfd.readouterr()
    assert shown.out.endswith(played) and ("played" in shown.out) == bool(share)
    assert "SKIPPED: the tests on PostgreSQL" in shown.err

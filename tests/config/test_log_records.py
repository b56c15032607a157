"""Log records: one line each whatever others wrote, tracebacks indented, and no secret in either."""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from config import scrubber
from config.log_records import Record
from config.scrubber import MASK

SECRET = "canary-0123456789-abcdefghij-klmnop"
FORGED = "2026-03-04 10:00:00,000 ERROR hourbridge.run Everything was deleted"
BREAKS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]
START_OF_RECORD = re.compile(r"\d{4}-\d\d-\d\d ")


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """Return a logger with a handler of its own and the settings' format, and what it writes."""
    scrubber.learn(SECRET)
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    line = settings.LOGGING["formatters"]["line"]
    handler.setFormatter(logging.Formatter(line["format"], style=line["style"]))
    logger = logging.getLogger("hourbridge.test_log_records")
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, written
    logger.removeHandler(handler)


def test_every_record_of_this_process_is_one_of_ours() -> None:
    assert logging.getLogRecordFactory() is Record


@pytest.mark.parametrize("line_break", BREAKS, ids=ascii)
def test_words_with_line_breaks_make_one_line(log: tuple[logging.Logger, io.StringIO], line_break: str) -> None:
    logger, written = log

    logger.warning("Clockify said: %s", f"no.{line_break}{FORGED}\x1b[2J {SECRET}")

    [line] = written.getvalue().splitlines()
    assert FORGED in line and not line.startswith(FORGED)
    assert "\x1b" not in line and SECRET not in line and MASK in line


@pytest.mark.parametrize("line_break", BREAKS, ids=ascii)
def test_a_traceback_has_no_line_that_looks_like_a_record(
    log: tuple[logging.Logger, io.StringIO], line_break: str
) -> None:
    logger, written = log
    try:
        raise ValueError(f"Bearer {SECRET}{line_break}{FORGED}")
    except ValueError:
        logger.exception("It failed.", stack_info=True)

    text = written.getvalue()
    assert sum(bool(START_OF_RECORD.match(line)) for line in text.splitlines()) == 1
    assert "Traceback" in text and "ValueError" in text and "Stack (most recent call last)" in text
    assert SECRET not in text


def test_arguments_that_do_not_fit_are_logged_scrubbed(
    log: tuple[logging.Logger, io.StringIO], capsys: pytest.CaptureFixture[str]
) -> None:
    logger, written = log

    logger.warning("%d of %s", SECRET)

    assert MASK in written.getvalue() and SECRET not in written.getvalue() + capsys.readouterr().err


def test_an_exception_that_nobody_catches_is_printed_scrubbed(tmp_path: Path) -> None:
    script = (
        "import threading; from config import log_records, scrubber\n"
        f"log_records.install_hooks(); scrubber.learn({SECRET!r})\n"
        "def fail(): raise ValueError('quoted ' + scrubber_word)\n"
        f"scrubber_word = {SECRET!r} + chr(10) + {FORGED!r}\n"
        "thread = threading.Thread(target=fail); thread.start(); thread.join(); fail()\n"
    )

    process = subprocess.run(
        [sys.executable, "-c", script], cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60
    )

    assert process.returncode == 1 and process.stderr.count(f"ValueError: quoted {MASK}") == 2
    assert SECRET not in process.stderr
    assert not [line for line in process.stderr.splitlines() if START_OF_RECORD.match(line)]

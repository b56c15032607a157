"""The details of errors while a command runs: into a file, since people and scripts read its stderr."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from django.conf import settings

log = logging.getLogger("hourbridge.command")

MAX_BYTES = 5_000_000
FORMAT = "{asctime} {levelname} {name} {process} {message}"


def path() -> Path:
    """Return the file that tracebacks go to; the last 5 to 10 MB are kept."""
    return Path(settings.VAR_DIR) / "log" / "commands.log"


def where() -> str:
    """Return the words that lead to the details, or "" where they could not be written."""
    return f"The details are in {path()}." if path().exists() else ""


@contextmanager
def details_kept() -> Iterator[None]:
    """Send all log records to the file during the block, and to stderr only those without a traceback.

    Each error with one ends in a line of the command's own as well.
    """
    root = logging.getLogger()
    shown = [handler for handler in root.handlers if handler.name == "stderr"]
    details = _details_handler()
    root.addHandler(details)
    for handler in shown:
        handler.addFilter(_has_no_traceback)
    plain_hook, threading.excepthook = threading.excepthook, _log_thread_error
    try:
        yield
    finally:
        threading.excepthook = plain_hook
        for handler in shown:
            handler.removeFilter(_has_no_traceback)
        root.removeHandler(details)
        details.close()


def _has_no_traceback(record: logging.LogRecord) -> bool:
    return not record.exc_info


class _DetailsHandler(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing: the disk may be full, which the command's own line says already."""


def _details_handler() -> logging.Handler:
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        # Opened by the first record: most commands write none.
        handler = _DetailsHandler(path(), maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8", delay=True)
    except OSError:
        return logging.NullHandler()
    handler.setFormatter(logging.Formatter(FORMAT, style="{"))
    return handler


def _log_thread_error(hook: threading.ExceptHookArgs) -> None:
    if hook.exc_value is not None:
        name = hook.thread.name if hook.thread else "A thread"
        log.error("%s ended on an error of ours.", name, exc_info=hook.exc_value)

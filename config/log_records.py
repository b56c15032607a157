"""Log records without secrets that nobody else's words can forge, for every handler of this process.

One record is one line; its traceback follows in indented lines. Made where records are made, since libraries bring
handlers and formatters of their own.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from types import TracebackType
from typing import Any

from config.scrubber import scrub

# Characters that end a line somewhere, that terminals obey, that reverse the text, or that can't be encoded.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
INDENT = "    "


class Record(logging.LogRecord):
    """A record whose message is one scrubbed line, and whose traceback is scrubbed and indented."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.exc_info and self.exc_info[1] is not None:
            # Formatters take this text where there is one.
            self.exc_text = indented("".join(traceback.format_exception(*self.exc_info)))
        if self.stack_info:
            self.stack_info = indented(self.stack_info)

    def getMessage(self) -> str:
        """Return the message, also where the arguments do not fit it."""
        try:
            text = super().getMessage()
        except Exception:
            text = f"{self.msg} {self.args!r}"
        return one_line(scrub(text))


def one_line(text: str) -> str:
    """Return the text with its line breaks and unsafe characters written as escapes."""
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)


def indented(text: str) -> str:
    """Return the text scrubbed, each of its lines indented, so that none can be mistaken for a record."""
    return "\n".join(f"{INDENT}{one_line(line)}" for line in scrub(text).splitlines())


def install() -> None:
    """Make such records in this process from now on."""
    logging.setLogRecordFactory(Record)


def install_hooks() -> None:
    """Print exceptions that nobody catches scrubbed and indented as well. For a process of ours, not for a host's."""
    sys.excepthook = _print
    threading.excepthook = lambda hook: _print(hook.exc_type, hook.exc_value, hook.exc_traceback)


def _print(kind: type[BaseException], problem: BaseException | None, trace: TracebackType | None) -> None:
    print(indented("".join(traceback.format_exception(kind, problem, trace))), file=sys.stderr)

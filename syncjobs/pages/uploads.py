"""Uploaded lists: their text, from a file or pasted, and the changes that their previews show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from django.http import HttpRequest

from mapping.decisions.csv_import import MAX_BYTES
from mapping.errors import Refused

NUL = "\x00"
MAX_SHOWN_LINES = 200


class ShownChanges(TypedDict):
    """A preview's table: the first changes, and how many more there are."""

    shown_changes: Sequence[Any]
    more_count: int


def uploaded_text(request: HttpRequest) -> str:
    """Return the text of the file, or of the pasted lines. Raises Refused where there is none or it is unreadable."""
    file: Any = request.FILES.get("file")
    if file is None:
        text = request.POST.get("text", "")
        if not text.strip():
            raise Refused("Choose a file, or paste its lines.")
        return text
    if file.size > MAX_BYTES:
        raise Refused(f"The file is larger than {MAX_BYTES // 1000:,} kB. Cut it into several.")
    try:
        text = str(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        text = NUL
    # UTF-16 without a mark can be read as UTF-8, and PostgreSQL takes no NUL.
    if NUL in text:
        raise Refused("The file is not UTF-8 text. Save it as “CSV UTF-8”.")
    return text


def shown_changes(changes: Sequence[Any]) -> ShownChanges:
    """Return what a preview's table shows of these changes."""
    return {"shown_changes": changes[:MAX_SHOWN_LINES], "more_count": max(len(changes) - MAX_SHOWN_LINES, 0)}

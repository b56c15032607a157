"""Notes and reasons that people write: on one line, and no longer than a page has room for."""

from __future__ import annotations

from mapping.errors import Refused

# As the fields of forms say.
MAX_LENGTH = 500


def cleaned(text: str) -> str:
    """Return a note on one line; PostgreSQL takes no NUL. Raises Refused if it is too long: nothing of it is cut."""
    note = " ".join(text.replace("\x00", " ").split())
    if len(note) > MAX_LENGTH:
        raise Refused(
            f"What you wrote has {len(note):,} characters, and there is room for {MAX_LENGTH}. Shorten it; nothing was "
            "changed."
        )
    return note

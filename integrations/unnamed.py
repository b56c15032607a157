"""What a record without a name is called: on pages, in logs, CSV files and commands. Pure."""

from __future__ import annotations


def named(name: str, kind: str = "user", *, record_id: str = "") -> str:
    """Return the name, else `Unnamed user`; where several may stand together, with the id: `Unnamed user (6aac…)`."""
    if name.strip():
        return name
    return f"Unnamed {kind} ({record_id})" if record_id else f"Unnamed {kind}"

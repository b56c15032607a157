"""The databases under attack: an SQLite file whose disk fails, a PostgreSQL that is restarted."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import postgres

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


@dataclass
class Database:
    """A database under attack. `troubles` names its possible failures; each lasts until `heal`."""

    name: str
    url: str
    folder: Path
    server: Path | None = None

    @property
    def troubles(self) -> tuple[str, ...]:
        if self.name == SQLITE:
            return ("SQLite read-only", "SQLite full")
        return ("PostgreSQL restarted", "PostgreSQL restarted at once") if self.server else ()

    def conflict(self, kind: str) -> None:
        """Cause a failure. A disk stays unusable until `heal`; a restart is over when this returns."""
        if kind == "SQLite read-only":
            (self.folder / "read-only").touch()
        elif kind == "SQLite full":
            (self.folder / "full").touch()
        else:
            self._restart("immediate" if kind.endswith("at once") else "fast")

    def heal(self) -> None:
        for name in ("read-only", "full"):
            (self.folder / name).unlink(missing_ok=True)

    def _restart(self, mode: str) -> None:
        assert self.server is not None
        user = postgres.server_user()
        identity = {"user": user, "group": user, "extra_groups": []} if user else {}
        program = postgres.newest_programs() / "pg_ctl"
        command = [
            str(program),
            "-D",
            str(self.server),
            "-w",
            "-m",
            mode,
            "-l",
            str(self.server.parent / "log"),
            "restart",
        ]
        # Its output goes on to the server, which would keep a pipe open for good.
        subprocess.run(command, check=True, cwd=self.server.parent, stdout=subprocess.DEVNULL, **identity)


@contextmanager
def opened(name: str, folder: Path) -> Iterator[Database]:
    """Open a database of the laboratory's own. Raises tests.support.postgres.NoPostgres where none can be started."""
    if name == SQLITE:
        yield Database(name, f"sqlite:///{folder / 'hourbridge.sqlite3'}", folder)
        return
    with postgres.temporary_folder() as place, postgres.debian_server(place) as (url, _):
        yield Database(name, url, folder, place / "data")

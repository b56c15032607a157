"""Python imports this by itself in every process that the laboratory starts (its folder is on PYTHONPATH).

It lets a process kill itself at a named point of our code, where no outsider could hit it: when a file named like the
point lies in the folder of faults, the process that reaches it takes the file and dies of SIGKILL. The product's own
code is unchanged. It also shortens pauses that have no setting, and makes SQLite answer as on a disk that
is full or read-only.

Without a folder of faults too: TEST_CLOCK_AHEAD shifts the process's own clock by so many seconds, and TEST_HOST_NAME
renames its machine, as if it ran on another one.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.machinery
import json
import os
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(os.environ.get("CRASH_FOLDER", "/nonexistent"))
# Point: the functions at which it lies, and whether before or after them.
POINTS: dict[str, list[tuple[str, str, str]]] = {
    "lease-taken": [
        ("syncjobs.ledger.lease", "claim", "after"),
        ("syncjobs.ledger.lease", "take_writer_lease", "after"),
    ],
    "planner": [
        ("syncjobs.planning.build", "intend", "before"),
        ("syncjobs.planning.build", "intend", "after"),
        ("syncjobs.planning.save", "PlanWriter.add", "after"),
        ("syncjobs.planning.save", "PlanWriter.close", "after"),
    ],
    "before-call": [
        ("syncjobs.ledger.journal", "open_action", "after"),
        ("syncjobs.ledger.journal", "open_batch", "after"),
        ("syncjobs.ledger.journal", "mark_tried", "after"),
    ],
    "before-receipt": [("syncjobs.ledger.journal", "accept", "before")],
    "in-receipt": [
        ("syncjobs.ledger.journal", "_receipt_sent", "after"),
        ("syncjobs.ledger.journal", "_receipt_deleted", "after"),
    ],
    "after-receipt": [("syncjobs.ledger.journal", "accept", "after")],
    "settling": [("syncjobs.settling.settle", "settle", "before"), ("syncjobs.settling.settle", "settle", "after")],
    "between-slices": [
        ("syncjobs.runs.execution", "RunExecution._requeue", "after"),
        ("syncjobs.runs.queue", "enqueue", "before"),
        ("syncjobs.runs.queue", "enqueue", "after"),
    ],
}
# Only the task cluster works in slices; the supervisor next to it calls the same functions for other reasons.
ONLY_IN_CLUSTER = {"between-slices"}
NORMAL_SIZE = 1_073_741_823

_seen: Counter[int] = Counter()
_lock = threading.Lock()


def pass_by(point: str, place: str) -> None:
    """Die here if a fault is prepared and as many calls have passed as it says."""
    file = FOLDER / point
    try:
        order = json.loads(file.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return
    if (order["place"] and order["place"] != place) or (point in ONLY_IN_CLUSTER and "qcluster" not in sys.argv):
        return
    with _lock:
        _seen[order["id"]] += 1
        if _seen[order["id"]] <= order["skip"]:
            return
        try:
            file.rename(FOLDER / f"taken-{order['id']}")
        except FileNotFoundError:
            return  # another process was faster
    (FOLDER / f"fired-{order['id']}").write_text(str(os.getpid()))
    die(order["victim"])


def die(victim: str) -> None:
    """Kill `task`: this process; `cluster`: its whole group; `supervisor`: who started the group; `worker`: both."""
    group = os.getpgid(0)
    if victim in {"supervisor", "worker"}:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            parent = parent_of(group)
            # An orphan's parent is somebody else, who has nothing to do with this.
            if b"manage.py\0worker" in Path(f"/proc/{parent}/cmdline").read_bytes():
                os.kill(parent, signal.SIGKILL)
    if victim in {"cluster", "worker"}:
        os.killpg(group, signal.SIGKILL)
    if victim != "supervisor":
        os.kill(os.getpid(), signal.SIGKILL)


def parent_of(pid: int) -> int:
    """Return the parent's id from /proc, whose line names it right after the state."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def hooked(function: Callable[..., Any], point: str, place: str, when: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **options: Any) -> Any:
        if when == "before":
            pass_by(point, place)
        result = function(*args, **options)
        if when == "after":
            pass_by(point, place)
        return result

    return wrapper


def hook_points(module: ModuleType) -> None:
    for point, places in POINTS.items():
        for name, path, when in places:
            if name != module.__name__:
                continue
            *owners, last = path.split(".")
            owner = functools.reduce(getattr, owners, module)
            if hasattr(owner, last):
                setattr(owner, last, hooked(getattr(owner, last), point, f"{when} {path}", when))


# --- pauses without a setting ------------------------------------------------------------------------------
def shorten_settings(module: Any) -> None:
    module.VAR_DIR = FOLDER


def shorten_slices(module: Any) -> None:
    module.SLICE = float(os.environ.get("CRASH_SLICE", "3"))


def shorten_queue(module: Any) -> None:
    module.STUCK_AFTER, module.TELL_AGAIN = timedelta(seconds=6), timedelta(seconds=3)


def shorten_supervision(module: Any) -> None:
    # grace, first_pause, longest_pause, steady, sweep_every
    module.Pace.__init__.__defaults__ = (5, 0.1, 0.5, 60, 0.3)


def shorten_tokens(module: Any) -> None:
    module.LEASE, module.RENEW_SECONDS = timedelta(seconds=3), 0.5


def shorten_pauses(module: Any) -> None:
    module.THROTTLED_PAUSES = (0.1, 0.2, 0.3)


# --- disks -------------------------------------------------------------------------------------------------
def spoil_disk(module: Any) -> None:
    """Make SQLite refuse as on a full or read-only disk while a file `full` or `read-only` exists."""
    for name in ("execute", "executemany"):
        plain = getattr(module.SQLiteCursorWrapper, name)

        def execute(self: Any, *args: Any, _plain: Any = plain) -> Any:
            feel_disk(self.connection)
            return _plain(self, *args)

        setattr(module.SQLiteCursorWrapper, name, execute)


_felt: dict[int, tuple[bool, bool]] = {}


def feel_disk(connection: Any) -> None:
    state = (FOLDER / "read-only").exists(), (FOLDER / "full").exists()
    if _felt.get(id(connection), (False, False)) != state:
        _felt[id(connection)] = state
        connection.execute(f"PRAGMA query_only={int(state[0])}")
        connection.execute(f"PRAGMA max_page_count={1 if state[1] else NORMAL_SIZE}")


# --- another machine ---------------------------------------------------------------------------------------
CLOCK_AHEAD = float(os.environ.get("TEST_CLOCK_AHEAD") or 0)


def shift_clock() -> None:
    """Shift the time that Python code reads; durations (`time.monotonic`) stay right, as on any machine."""
    plain = time.time
    time.time = lambda: plain() + CLOCK_AHEAD


def shift_django(module: Any) -> None:
    plain = module.now
    module.now = lambda: plain() + timedelta(seconds=CLOCK_AHEAD)


def shift_processes(module: Any) -> None:
    plain = module.Process.create_time
    module.Process.create_time = lambda self: plain(self) + CLOCK_AHEAD


OTHER_MACHINE: dict[str, Callable[[Any], None]] = {"django.utils.timezone": shift_django, "psutil": shift_processes}
LABORATORY: dict[str, Callable[[Any], None]] = {
    "config.settings": shorten_settings,
    "syncjobs.tasks": shorten_slices,
    "syncjobs.worker.supervisor": shorten_supervision,
    "integrations.quickbooks.tokens": shorten_tokens,
    "integrations.limits.retry": shorten_pauses,
    "django.db.backends.sqlite3.base": spoil_disk,
}
CHANGES = (LABORATORY if "CRASH_FOLDER" in os.environ else {}) | (OTHER_MACHINE if CLOCK_AHEAD else {})
HOOKED = {name for places in POINTS.values() for name, _, _ in places} if "CRASH_FOLDER" in os.environ else set()


def change(module: ModuleType) -> None:
    if module.__name__ in HOOKED:
        hook_points(module)
    if module.__name__ in CHANGES:
        CHANGES[module.__name__](module)
    if module.__name__ == "syncjobs.runs.queue" and "CRASH_FOLDER" in os.environ:
        shorten_queue(module)


class Finder:
    """Finds modules as Python does, and changes some of them as soon as they are loaded."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name not in HOOKED and name not in CHANGES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return spec
        plain = spec.loader.exec_module

        def load(module: ModuleType) -> None:
            plain(module)
            change(module)

        spec.loader.exec_module = load  # type: ignore[method-assign]
        return spec


if CLOCK_AHEAD:
    shift_clock()
if host_name := os.environ.get("TEST_HOST_NAME"):
    socket.gethostname = lambda: host_name
if HOOKED or CHANGES:
    sys.meta_path.insert(0, Finder)

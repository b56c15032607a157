"""Saving of a world to a file: a snapshot under the lock, written to a second file and renamed."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from sandbox.world import World

SHORTEST_PAUSE = 0.3
# A save of a large world takes long; it may use a sixth of the time, no more.
REST_PER_SAVE = 5
DEPTH = 6


def save(world: World, path: Path) -> None:
    """Write the world; a crash leaves the old file or the new one, never half of one."""
    with world.lock:
        world.changed.clear()
        snapshot = world.to_json()
    aside = path.with_name(path.name + ".new")
    with aside.open("w", encoding="utf-8", errors="surrogatepass") as out:
        _write(out, snapshot, depth=DEPTH)
        out.flush()
        os.fsync(out.fileno())
    aside.replace(path)


def load(world: World, path: Path) -> None:
    """Load a saved world from a file."""
    with path.open(encoding="utf-8", errors="surrogatepass") as source:
        world.from_json(json.load(source))
    world.changed.clear()


def _write(out: TextIO, value: Any, *, depth: int) -> None:
    """Write JSON in small pieces, so that other threads get their turn."""
    if depth == 0 or not value or not isinstance(value, dict | list):
        out.write(json.dumps(value))
        return
    named = value.items() if isinstance(value, dict) else [(None, item) for item in value]
    out.write("[" if isinstance(value, list) else "{")
    for place, (name, item) in enumerate(named):
        out.write(",\n" if place else "")
        if name is not None:
            out.write(json.dumps(str(name)) + ":")
        _write(out, item, depth=depth - 1)
    out.write("]" if isinstance(value, list) else "}")


class Saver:
    """A thread that saves within half a second of a change, less often when the world is large."""

    def __init__(self, world: World, path: Path) -> None:
        self._world, self._path = world, path
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-saver", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        pause = SHORTEST_PAUSE
        while not self._stopped.wait(pause):
            if not self._world.changed.is_set():
                pause = SHORTEST_PAUSE
                continue
            began = time.monotonic()
            save(self._world, self._path)
            pause = max(SHORTEST_PAUSE, REST_PER_SAVE * (time.monotonic() - began))

    def stop(self) -> None:
        """Save a last time and stop."""
        self._stopped.set()
        self._thread.join()
        save(self._world, self._path)

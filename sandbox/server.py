"""Start and stop of a sandbox in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sandbox.application import Application
from sandbox.bundle import replay
from sandbox.control import fill
from sandbox.saving import Saver, load
from sandbox.shared.http import Answer, HttpServer
from sandbox.world import World


@dataclass
class Running:
    """A sandbox that answers at `url`."""

    url: str
    world: World
    _server: HttpServer
    _thread: threading.Thread
    _saver: Saver | None

    def stop(self) -> None:
        """Stop answering, close every connection, save."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.cut_all()
        if self._saver is not None:
            self._saver.stop()


def start(
    dataset: str = "empty",
    *,
    bundle: dict[str, Any] | None = None,
    port: int = 0,
    host: str = "127.0.0.1",
    data: str | Path | None = None,
    today: date | None = None,
    entries: int = 400,
    seed: int = 1,
    between: Callable[[Answer], Answer] = lambda answer: answer,
) -> Running:
    """Start a sandbox; an existing `data` file, or else a bundle's world, is loaded instead of the data set.

    `between` can wrap the answering function, for tests that hold a call or an answer.
    """
    world = World()
    path = Path(data) if data else None
    if path is not None and path.exists():
        load(world, path)
    elif bundle is not None:
        replay.fill(world, bundle)
    else:
        fill(world, dataset, today=today, entries=entries, seed=seed)
    server = HttpServer((host, port), between(Application(world)))
    world.url = f"http://{host}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="sandbox", daemon=True)
    thread.start()
    return Running(world.url, world, server, thread, Saver(world, path) if path else None)

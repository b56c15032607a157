"""Free ports near the well-known ones."""

from __future__ import annotations

import socket

from sandbox.demo.children import DemoFailed

HOST = "127.0.0.1"
TRIES = 100


def is_free(port: int) -> bool:
    """Return whether a server could listen on the port now."""
    with socket.socket() as probe:
        # As servers do: a port that was in use a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(preferred: int, *, what: str) -> int:
    """Return the preferred port, or the next free one with a printed note."""
    for port in range(preferred, preferred + TRIES):
        if is_free(port):
            if port != preferred:
                print(f"Port {preferred} is busy; {what} takes {port}.", flush=True)
            return port
    raise DemoFailed(f"no free port for {what} between {preferred} and {preferred + TRIES - 1}.")

"""A server that answers with any bytes, at any pace: what no proper HTTP server would send."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

# Writes one answer to one request (its head and body) and returns; the connection is closed afterwards.
Script = Callable[[socket.socket, bytes], None]


@dataclass
class RawServer:
    """A listening server; `requests` are the raw requests so far, in order."""

    url: str
    requests: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def serving(script: Script, *, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """Serve every connection with the script, each in its own thread, until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    scheme = "https" if tls else "http"
    server = RawServer(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}")

    def answer(plain_connection: socket.socket) -> None:
        # The client hangs up in the middle of an answer that is too large or too slow, which is what is tested.
        with plain_connection, contextlib.suppress(OSError):
            connection = tls.wrap_socket(plain_connection, server_side=True) if tls else plain_connection
            with connection:
                request = _read_request(connection)
                if request:
                    server.requests.append(request)
                    script(connection, request)

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield server
    finally:
        # Closing alone would leave accept() waiting.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65536)
        if not more:
            return b""
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    missing = int(lengths[0].partition(b":")[2]) - len(body) if lengths else 0
    while missing > 0:
        more = connection.recv(65536)
        if not more:
            break
        received, missing = received + more, missing - len(more)
    return received


def head(status: str = "200 OK", **headers: str) -> bytes:
    """Return a status line and headers, JSON unless said otherwise; `_` in a name stands for `-`."""
    fields = {"Content-Type": "application/json", "Connection": "close"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode()


def plain(body: bytes, status: str = "200 OK", **headers: str) -> Script:
    """Return a script that sends one proper answer."""
    answer = head(status, Content_Length=str(len(body)), **headers) + body
    return lambda connection, request: connection.sendall(answer)


def dripping(start: bytes, drip: bytes = b" ", *, seconds: float = 0.05, until: float = 20) -> Script:
    """Return a script that sends `start` at once, then `drip` again and again, for `until` seconds at most."""

    def script(connection: socket.socket, request: bytes) -> None:
        connection.sendall(start)
        end = time.monotonic() + until
        while time.monotonic() < end:
            connection.sendall(drip)
            time.sleep(seconds)

    return script


def flooding(start: bytes, block: bytes, count: int) -> Script:
    """Return a script that sends `start`, then `block` `count` times, as fast as the client reads."""

    def script(connection: socket.socket, request: bytes) -> None:
        connection.sendall(start)
        for _ in range(count):
            connection.sendall(block)

    return script


def computed(answer: Callable[[str, bytes], Any], **headers: str) -> Script:
    """Return a script that sends as JSON what `answer` returns for the request line and the body."""

    def script(connection: socket.socket, request: bytes) -> None:
        top, _, body = request.partition(b"\r\n\r\n")
        content = json.dumps(answer(top.partition(b"\r\n")[0].decode(), body)).encode()
        connection.sendall(head(Content_Length=str(len(content)), **headers) + content)

    return script

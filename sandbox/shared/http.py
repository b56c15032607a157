"""A small HTTP/1.1 server: requests in, responses out, connections kept alive or cut on purpose."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

MAX_LINE = 65_536
MAX_HEADERS = 200
MEGABYTE = 2**20


class BadJson(ValueError):
    """The request body is not JSON."""


class Headers(Mapping[str, str]):
    """Header fields, looked up without regard to case."""

    def __init__(self, fields: Mapping[str, str] | None = None) -> None:
        self._fields = {name.lower(): value for name, value in (fields or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


@dataclass
class Request:
    """One request as it arrived; `target` is the raw path and query."""

    method: str
    target: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    path: str = field(init=False)
    query: dict[str, str] = field(init=False)
    query_list: list[tuple[str, str]] = field(init=False)
    notes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path, _, query = self.target.partition("?")
        self.query_list = parse_qsl(query, keep_blank_values=True) if query else []
        self.query = dict(self.query_list)

    def json(self) -> Any:
        """Return the body as JSON, or raise BadJson, or UnicodeDecodeError when it is not UTF-8."""
        text = self.body.decode("utf-8")
        try:
            return json.loads(text)
        except ValueError as error:
            raise BadJson(str(error)) from error


@dataclass(frozen=True)
class Delivery:
    """How an answer's bytes travel: at once and as they are, unless a fault asks for something else.

    `drip_ms` is the pause before each byte of the body, `megabytes` the spaces in front of it, `length_off` what its
    Content-Length is wrong by.
    """

    drip_ms: float = 0
    megabytes: int = 0
    gzip: bool = False
    length_off: int = 0

    def length(self, payload: bytes) -> int:
        """Return the number of bytes that `pieces` yields."""
        return len(self._zipped(payload)) if self.gzip else len(payload) + self.megabytes * MEGABYTE

    def pieces(self, payload: bytes) -> Iterator[bytes]:
        """Yield the body as it travels."""
        pieces = iter((self._zipped(payload),)) if self.gzip else self._padded(payload)
        if not self.drip_ms:
            yield from pieces
            return
        for number in (number for piece in pieces for number in piece):
            time.sleep(self.drip_ms / 1000)
            yield bytes((number,))

    def _padded(self, payload: bytes) -> Iterator[bytes]:
        for _ in range(self.megabytes):
            yield b" " * MEGABYTE
        yield payload

    def _zipped(self, payload: bytes) -> bytes:
        zipper = zlib.compressobj(level=1, wbits=31)
        return b"".join([*map(zipper.compress, self._padded(payload)), zipper.flush()])


AT_ONCE = Delivery()


@dataclass
class Response:
    """One answer: bytes and text go out as they are, anything else as JSON."""

    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    close: bool = False
    delivery: Delivery = AT_ONCE

    def payload(self) -> bytes:
        """Return the body's bytes; set the content type when none was given."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            kind, payload = "application/octet-stream", self.body
        elif isinstance(self.body, str):
            kind, payload = "text/plain;charset=utf-8", self.body.encode()
        else:
            text = json.dumps(self.body, separators=(",", ":"), ensure_ascii=False)
            kind, payload = "application/json", text.encode("utf-8", "surrogatepass")
        self.headers.setdefault("Content-Type", kind)
        return payload


Handler = Callable[..., Response]


class Router:
    """Routes by method and path; a literal segment takes precedence over a `{parameter}`."""

    def __init__(self) -> None:
        self._tree: dict[str, Any] = {}

    def add(self, method: str, template: str, handler: Handler, *, label: str | None = None) -> None:
        """Register a route; `label` names it in the counters (default: its last fixed part)."""
        node = self._tree
        names = []
        for segment in template.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                segment = "{}"
            node = node.setdefault(segment, {})
        node.setdefault("", {})[method] = (handler, names, f"{method} {label or _label(template)}")

    def match(self, method: str, path: str) -> tuple[Handler, dict[str, str], str] | None:
        """Return the handler, its path parameters and its label; None when there is no such route."""
        values: list[str] = []
        methods = _descend(self._tree, path.strip("/").split("/"), values)
        if not methods or method not in methods:
            return None
        handler, names, label = methods[method]
        return handler, dict(zip(names, values, strict=True)), label

    def methods(self, path: str) -> list[str]:
        """Return the methods a path answers to; empty when there is no such path."""
        return sorted(_descend(self._tree, path.strip("/").split("/"), []) or {})


def _label(template: str) -> str:
    parts = template.strip("/").split("/")
    last_fixed = max(i for i, part in enumerate(parts) if not part.startswith("{"))
    return "/".join(parts[last_fixed:])


def _descend(node: dict[str, Any], segments: list[str], values: list[str]) -> dict[str, Any] | None:
    if not segments:
        return node.get("")
    head, rest = segments[0], segments[1:]
    if head and head in node:
        methods = _descend(node[head], rest, values)
        if methods is not None:
            return methods
    if head and "{}" in node:
        values.append(unquote(head))
        methods = _descend(node["{}"], rest, values)
        if methods is not None:
            return methods
        values.pop()
    return None


Answer = Callable[[Request], Response | None]


class HttpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A server of `answer` on a loopback port, one thread per connection; an answer of None cuts it."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], answer: Answer) -> None:
        self.answer = answer
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Connection)

    def opened(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.discard(connection)

    def cut_all(self) -> None:
        """Close every connection, so that a stopped server is gone for clients that kept one open."""
        with self._guard:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that disconnected."""


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: HttpServer

    def handle(self) -> None:
        self.server.opened(self.connection)
        try:
            while self._serve_one():
                pass
        except (OSError, ValueError):
            pass  # the peer broke off, or did not speak HTTP
        finally:
            self.server.closed(self.connection)

    def _serve_one(self) -> bool:
        line = self.rfile.readline(MAX_LINE)
        if not line.strip():
            return bool(line)
        method, target, version = line.decode("latin-1").split()
        headers = self._read_headers()
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request = Request(method, target, headers, self._read_body(headers))
        response = self.server.answer(request)
        if response is None:
            return False
        wants_close = headers.get("connection", "").lower() == "close" or version == "HTTP/1.0"
        response.close = response.close or wants_close
        self._write(response, head_only=method == "HEAD")
        return not response.close

    def _read_headers(self) -> Headers:
        fields: dict[str, str] = {}
        for _ in range(MAX_HEADERS):
            line = self.rfile.readline(MAX_LINE)
            if line in (b"\r\n", b"\n", b""):
                return Headers(fields)
            name, _, value = line.decode("latin-1").partition(":")
            fields[name.strip()] = value.strip()
        raise ValueError("too many header fields")

    def _read_body(self, headers: Headers) -> bytes:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return b"".join(self._read_chunks())
        length = int(headers.get("content-length", 0))
        return self.rfile.read(length) if length else b""

    def _read_chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(MAX_LINE).split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline(MAX_LINE)
        while self.rfile.readline(MAX_LINE).strip():
            pass

    def _write(self, response: Response, *, head_only: bool) -> None:
        payload, delivery = response.payload(), response.delivery
        if delivery.gzip:
            response.headers["Content-Encoding"] = "gzip"
        # After a wrong length no client could tell where the next answer begins.
        response.close = response.close or bool(delivery.length_off)
        try:
            phrase = HTTPStatus(response.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [f"HTTP/1.1 {response.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        lines.append(f"Content-Length: {delivery.length(payload) + delivery.length_off}")
        lines.append("Connection: close" if response.close else "Connection: keep-alive")
        head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
        if head_only or delivery == AT_ONCE:
            self.wfile.write(head if head_only else head + payload)
            return
        self.wfile.write(head)
        for piece in delivery.pieces(payload):
            self.wfile.write(piece)

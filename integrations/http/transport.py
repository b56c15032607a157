"""One HTTP exchange with bounds: the time of the whole answer, its decoded size, and where it may lead.

The only place that opens connections to vendors. requests limits each wait for a byte, so that a body or a header that
drips would hold us as long as it drips; here, each read gets what is left of the answer's time.
"""

from __future__ import annotations

import functools
import http.client
import io
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

CONNECT_SECONDS = 5
READ_SECONDS = 25
# Decoded bytes. The largest page, 1000 records with long texts, has about 6 MB.
MAX_ANSWER_BYTES = 32 * 1024 * 1024
# Of an error or of tokens, which are a few hundred bytes.
MAX_SHORT_ANSWER_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024


class TooLarge(Exception):
    """An answer that does not end within its limit of bytes and was not read further; the message says how much."""


class Unanswered(Exception):
    """No whole answer in time, or one that is no HTTP; the message is the technical cause's name."""


@dataclass
class _Bounds:
    """What is left for the answer at hand: until when (monotonic seconds), and bytes as they travel."""

    deadline: float
    wire_bytes: int

    def seconds(self, longest: float) -> float:
        """Return the timeout of one read or connect. Raises TimeoutError when the time is over."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        return min(left, longest)


# requests does not promise that threads may share a session; each thread has one exchange at a time.
_thread = threading.local()


@contextmanager
def _bounded(bounds: _Bounds) -> Iterator[None]:
    _thread.bounds = bounds
    try:
        yield
    finally:
        del _thread.bounds


class _BoundedReads(io.RawIOBase):
    """A socket's bytes, each read limited by what is left for the answer."""

    def __init__(self, source: io.RawIOBase, sock: socket.socket) -> None:
        self._source, self._sock = source, sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        bounds: _Bounds = _thread.bounds
        self._sock.settimeout(bounds.seconds(READ_SECONDS))
        count = self._source.readinto(buffer)
        bounds.wire_bytes -= count or 0
        # Decoding may swallow what it reads, so that the decoded size alone would bound nothing.
        if bounds.wire_bytes < 0:
            raise TooLarge("an endless body")
        return count

    def close(self) -> None:
        self._source.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    """Status line, headers and body, all read within the bounds."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_BoundedReads(self.fp.detach(), sock))


class _BoundedConnecting(HTTPConnection):
    """Connects within the time of the answer, however many addresses the host has.

    Looking the name up has the system's own time limit; no socket exists yet whose timeout could be set.
    """

    response_class = _BoundedResponse

    def _new_conn(self) -> socket.socket:
        bounds: _Bounds = _thread.bounds
        try:
            addresses = socket.getaddrinfo(self.host.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except socket.gaierror as problem:
            raise NameResolutionError(self.host, self, problem) from problem
        last_problem: OSError | None = None
        for *_, address in addresses:
            try:
                wait = bounds.seconds(CONNECT_SECONDS)
                sock = create_connection((str(address[0]), int(address[1])), wait, socket_options=self.socket_options)
                # What comes next on this socket is the TLS handshake, which has one timeout in all.
                sock.settimeout(bounds.seconds(READ_SECONDS))
                return sock
            except OSError as problem:
                last_problem = problem
        if isinstance(last_problem, TimeoutError):
            raise ConnectTimeoutError(self, f"Connection to {self.host} timed out.") from last_problem
        raise NewConnectionError(self, f"No connection to {self.host}: {last_problem}") from last_problem


class _BoundedTlsConnecting(_BoundedConnecting, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _BoundedConnecting


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _BoundedTlsConnecting


class _Adapter(HTTPAdapter):
    """requests' adapter with our connections, through a proxy as well; it retries nothing."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        # A SOCKS proxy brings connections of its own, which only have the timeouts of each read.
        if isinstance(manager, urllib3.ProxyManager):
            manager.pool_classes_by_scheme = _POOLS
        return manager


_POOLS = {"http": _Pool, "https": _TlsPool}


class _Session(requests.Session):
    """A keep-alive session that follows no redirect: one would carry key or tokens to another host."""

    def __init__(self) -> None:
        super().__init__()
        self.mount("https://", _Adapter())
        self.mount("http://", _Adapter())
        self.headers["User-Agent"] = "Hourbridge"
        # With trust_env, requests reads the environment for every call, and a .netrc would replace our token.
        # Proxies and certificates, which an operator sets on purpose, are read once from the usual variables
        # (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY; REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE).
        self.trust_env = False
        self.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        # Also without following, requests would look up the next address and read the body for it, without bounds.
        return None


def _session() -> requests.Session:
    if not hasattr(_thread, "session"):
        _thread.session = _Session()
    return _thread.session


@functools.lru_cache(maxsize=64)
def _proxies(address: str) -> Mapping[str, str]:
    """Return the proxies that the environment names for an address of scheme and host, by scheme."""
    return requests.utils.get_environ_proxies(address)


def exchange(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    params: Mapping[str, Any] | None = None,
    body: bytes | None = None,
    seconds: float,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> requests.Response:
    """Send one request and return its answer with the whole body read, whatever its status.

    `seconds`: from now to the end of the body. Raises Unanswered, and TooLarge for more than `max_bytes` decoded bytes
    (an error: MAX_SHORT_ANSWER_BYTES). A redirect is an answer like others.
    """
    # Bytes travel compressed or framed in chunks; headers come on top.
    bounds = _Bounds(time.monotonic() + seconds, max_bytes + MAX_SHORT_ANSWER_BYTES)
    try:
        with _bounded(bounds):
            answer = _session().request(
                method,
                url,
                params=params,
                data=body,
                headers=dict(headers),
                # Scheme and host only, so that the cache has one entry per host.
                proxies=dict(_proxies(url[: url.find("/", 8)])),
                timeout=(min(CONNECT_SECONDS, seconds), min(READ_SECONDS, seconds)),
                allow_redirects=False,
                stream=True,
            )
            limit = max_bytes if answer.status_code < 300 else min(max_bytes, MAX_SHORT_ANSWER_BYTES)
            return _with_body(answer, limit)
    # A server's nonsense also ends in ValueError, for example a negative size of a chunk.
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as problem:
        raise Unanswered(type(problem).__name__) from problem


def _with_body(answer: requests.Response, limit: int) -> requests.Response:
    """Return the answer with its decoded body in memory. Raises TooLarge as soon as it exceeds `limit` bytes."""
    body = io.BytesIO()
    for chunk in answer.raw.stream(CHUNK_BYTES, decode_content=True):
        if body.tell() + len(chunk) > limit:
            # Closed, since the rest of it would precede the next answer on this connection.
            answer.close()
            raise TooLarge(f"more than {limit // 1024 // 1024} MiB")
        body.write(chunk)
    body.seek(0)
    answer.raw = body
    return answer

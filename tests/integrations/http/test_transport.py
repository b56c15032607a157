"""One exchange has bounds: time for the whole answer, decoded bytes, and no other address than the one asked."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.http import transport
from integrations.http.transport import TooLarge, Unanswered
from tests.support.raw_server import dripping, flooding, head, plain, serving

MIB = 1024 * 1024
# Far above what the exchanges need, far below what the servers would take.
PATIENCE = 0.6


def get(url: str, **options: Any) -> requests.Response:
    return transport.exchange("GET", url, **{"headers": {}, "seconds": 10, **options})


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "404 Not Found", "503 Busy"])
def test_a_proper_answer_comes_whole(status: str) -> None:
    with serving(plain(b'{"a": 1}', status)) as server:
        answer = get(server.url, params={"q": "x y"})

    assert (answer.status_code, answer.content) == (int(status[:3]), b'{"a": 1}')
    assert server.requests[0].startswith(b"GET /?q=x+y HTTP/1.1")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_answer_is_decoded(encoding: str) -> None:
    body = gzip.compress(b"[1]" * 1000) if encoding == "gzip" else zlib.compress(b"[1]" * 1000)
    with serving(plain(body, Content_Encoding=encoding)) as server:
        assert get(server.url).content == b"[1]" * 1000


CHUNKED = head(Transfer_Encoding="chunked")


@pytest.mark.sample(4)
@pytest.mark.parametrize(
    "script",
    [
        dripping(head(Content_Length="1000")),
        dripping(head()),
        dripping(CHUNKED, b"1\r\n \r\n"),
        dripping(CHUNKED + b"0\r\n", b"X: y\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", seconds=0.1),
        dripping(b"HTTP/1.1 200 O", b"O"),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        dripping(head("302 Found", Location="/elsewhere", Content_Length="1000")),
        dripping(head("500 Sorry", Content_Length="1000")),
        dripping(b"", b""),
    ],
    ids=["body", "endless", "chunks", "trailers", "headers", "status", "continue", "redirect", "error", "silence"],
)
def test_whatever_drips_ends_with_the_time_of_the_whole_answer(script: Any) -> None:
    with serving(script) as server:
        began = time.monotonic()
        with pytest.raises(Unanswered):
            get(server.url, seconds=PATIENCE)

    assert PATIENCE * 0.9 <= time.monotonic() - began < 10


def test_addresses_that_do_not_answer_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    port = listener.getsockname()[1]
    # The queue of a listener that accepts nothing is full after a few; then connecting gets no answer, as from a
    # host behind a firewall.
    fillers = [socket.socket() for _ in range(8)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", port))
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        transport.socket,
        "getaddrinfo",
        lambda host, *args, **options: (
            look_up("127.0.0.1", *args, **options) * 20 if host == "many.example" else look_up(host, *args, **options)
        ),
    )
    began = time.monotonic()

    with pytest.raises(Unanswered, match="ConnectTimeout"):
        get(f"http://many.example:{port}/", seconds=PATIENCE)

    assert time.monotonic() - began < 10
    for opened in (listener, *fillers):
        opened.close()


# --- size --------------------------------------------------------------------------------------------------
def zeros_compressed(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(bytes(MIB)) for _ in range(megabytes)), packer.flush()])


def peak_of(url: str, **options: Any) -> int:
    """Return the most memory in bytes that a call took which ends as too large."""
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            get(url, **options)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("framing", ["length", "chunked", "until closed"])
def test_a_flood_is_left_at_the_limit(framing: str) -> None:
    block = b"x" * MIB
    start = head(Content_Length=str(200 * MIB)) if framing == "length" else head()
    if framing == "chunked":
        start, block = CHUNKED, b"100000\r\n" + block + b"\r\n"
    with serving(flooding(start, block, 200)) as server:
        assert peak_of(server.url, max_bytes=4 * MIB, seconds=60) < 20 * MIB


def test_a_compressed_bomb_is_left_at_the_limit() -> None:
    with serving(plain(zeros_compressed(300), Content_Encoding="gzip")) as server:
        assert peak_of(server.url, max_bytes=4 * MIB, seconds=60) < 20 * MIB


def test_an_error_is_short() -> None:
    with serving(plain(b"x" * (2 * MIB), "502 Bad Gateway")) as server, pytest.raises(TooLarge, match="1 MiB"):
        get(server.url)


def test_a_body_whose_decoding_swallows_it_ends_as_well() -> None:
    # After one whole gzip member, what is no gzip is ignored: nothing is decoded however much arrives.
    start = head(Content_Encoding="gzip") + gzip.compress(b"{}")
    with serving(flooding(start, bytes(MIB), 200)) as server:
        assert peak_of(server.url, max_bytes=4 * MIB, seconds=60) < 20 * MIB


def test_an_answer_after_one_that_was_left_is_the_right_one() -> None:
    with serving(flooding(head(), b"x" * MIB, 50)) as flood, serving(plain(b"{}")) as server:
        peak_of(flood.url, max_bytes=MIB)

        assert get(server.url).content == b"{}"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"not HTTP at all\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        head(Content_Length="100") + b"short",
        head(Content_Length="1, 2") + b"{}",
        CHUNKED + b"-1\r\n{}",
        CHUNKED + b"zz\r\n{}",
        CHUNKED + b"ffffffffffff\r\n{}",
        head(Content_Encoding="gzip") + b"no gzip",
        head(Content_Encoding=", ".join(["gzip"] * 9)) + b"x",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 " + b"O" * 100_000,
    ],
)
def test_what_is_no_http_is_no_answer(answer: bytes) -> None:
    with serving(lambda connection, request: connection.sendall(answer)) as server, pytest.raises(Unanswered):
        get(server.url)


# --- where it leads ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_leads_nowhere(status: int) -> None:
    with serving(plain(b"secret seen")) as elsewhere:
        moved = plain(b"moved", f"{status} Moved", Location=f"{elsewhere.url}/take")
        with serving(moved) as server:
            answer = transport.exchange("POST", server.url, headers={"X-Api-Key": "s"}, body=b"token", seconds=5)

    assert (answer.status_code, answer.content) == (status, b"moved")
    assert (len(server.requests), elsewhere.requests) == (1, [])


def test_a_netrc_never_replaces_our_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(plain(b"{}")) as server:
        get(server.url, headers={"Authorization": "Bearer ours"})
        get(server.url)

    assert b"Authorization: Bearer ours" in server.requests[0]
    assert b"Authorization" not in server.requests[1]


def test_a_proxy_of_the_environment_is_used_and_kept_to_the_same_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    transport._proxies.cache_clear()
    with serving(dripping(head(Content_Length="1000"))) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        began = time.monotonic()
        with pytest.raises(Unanswered):
            get("http://vendor.example/path", seconds=PATIENCE)
    transport._proxies.cache_clear()

    assert time.monotonic() - began < 10
    assert proxy.requests[0].startswith(b"GET http://vendor.example/path")


# --- TLS ---------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key and a certificate for localhost, valid today."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain_key = serialization.Encoding.PEM, serialization.NoEncryption()
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain_key) + signed.public_bytes(pem))
    return file


def test_tls_has_the_same_bounds_and_certificates_are_checked(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    answers = [plain(b'{"a": 1}'), dripping(head(Content_Length="1000"))]
    with serving(lambda connection, request: answers.pop(0)(connection, request), tls=context) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        with pytest.raises(Unanswered, match="SSLError"):
            get(url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        monkeypatch.delattr(transport._thread, "session", raising=False)

        assert get(url).content == b'{"a": 1}'
        began = time.monotonic()
        with pytest.raises(Unanswered):
            get(url, seconds=PATIENCE)

    assert time.monotonic() - began < 10
    del transport._thread.session

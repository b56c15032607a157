"""The server itself: connections, bodies, saving, starting and stopping as a program."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.server import Running, start
from sandbox.shared.http import Request, Response, Router
from tests.sandbox.quickbooks_client import REALM, QuickBooksCaller


def test_connections_are_kept_alive(sandbox: Running) -> None:
    connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"))
    connection.request("GET", "/control/clock")
    connection.getresponse().read()
    kept = connection.sock
    connection.request("GET", "/control/clock")
    connection.getresponse().read()

    assert kept is not None and connection.sock is kept
    connection.close()


def test_a_caller_may_ask_to_close(sandbox: Running) -> None:
    connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"))
    connection.request("GET", "/control/clock", headers={"Connection": "close"})
    answer = connection.getresponse()
    answer.read()

    assert answer.getheader("Connection") == "close"
    connection.close()


def test_a_chunked_body_is_read(quickbooks: QuickBooksCaller) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"DisplayName":'
        yield b'"Acme"}'

    answer = quickbooks.send("POST", "customer", data=pieces(), headers={"Content-Type": "application/json"})

    assert answer.json()["Customer"]["DisplayName"] == "Acme"


def test_what_is_no_http_closes_the_connection(sandbox: Running) -> None:
    host, port = sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(b"hello\r\n\r\n")

        assert line.recv(100) == b""


def test_a_literal_segment_wins_over_a_parameter() -> None:
    router = Router()
    router.add("GET", "/a/{id}", lambda request, id: Response(body=id))
    router.add("GET", "/a/fixed", lambda request: Response(body="fixed"))
    router.add("GET", "/a/fixed/{id}/deep", lambda request, id: Response(body=id), label="deep")

    assert router.match("GET", "/a/x%20y")[1:] == ({"id": "x y"}, "GET a/{id}")
    assert router.match("GET", "/a/fixed")[1:] == ({}, "GET fixed")
    assert router.match("GET", "/a/fixed/7/deep")[1:] == ({"id": "7"}, "GET deep")
    assert router.match("POST", "/a/fixed") is None and router.match("GET", "/a") is None


def test_a_query_keeps_repeated_names_in_its_list() -> None:
    request = Request("GET", "/x?a=1&a=2&b=%41")

    assert request.query == {"a": "2", "b": "A"}
    assert request.query_list == [("a", "1"), ("a", "2"), ("b", "A")]


def test_a_stopped_sandbox_is_gone_for_open_connections_too() -> None:
    running = start()
    with requests.Session() as session:
        assert session.get(f"{running.url}/control/clock").status_code == 200
        running.stop()

        with pytest.raises(requests.ConnectionError):
            session.get(f"{running.url}/control/clock")


def test_callers_are_served_side_by_side(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    def post_some(name: int) -> None:
        with requests.Session() as session:
            for number in range(25):
                session.post(
                    f"{quickbooks.url}/v3/company/{REALM}/timeactivity?requestid={name}-{number}",
                    json=work,
                    headers={"Authorization": f"Bearer {quickbooks.token}", "Accept": "application/json"},
                    timeout=20,
                )

    threads = [threading.Thread(target=post_some, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    rows = quickbooks.rows("select * from TimeActivity maxresults 1000")
    assert len({row["Id"] for row in rows}) == 200


def test_a_saved_world_comes_back_whole(tmp_path: Path) -> None:
    data = tmp_path / "world.json"
    first = start("empty", data=data)
    first.world.quickbooks.companies.clear()
    first.world.quickbooks.add_company(realm=REALM, name="Kept")
    caller = QuickBooksCaller(first.url)
    caller.switch(unique_names="displayname")
    created = caller.create("Customer", {"DisplayName": "Grüße 🌍"}, requestid="one")
    caller.session.close()
    first.stop()

    second = start("agency", data=data)
    reloaded = QuickBooksCaller(second.url)
    reloaded.token = caller.token

    assert reloaded.create("Customer", {"DisplayName": "Grüße 🌍"}, requestid="one") == created
    assert reloaded.rows("select * from Customer") == [created]
    assert reloaded.create("Customer", {"DisplayName": "Next"})["Id"] == str(int(created["Id"]) + 1)
    assert reloaded.control("switches", method="GET")["unique_names"]["value"] == "displayname"
    reloaded.session.close()
    second.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_program_tells_its_address_and_saves_when_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    data = tmp_path / "world.json"
    command = [sys.executable, "-m", "sandbox", "--dataset", "empty", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        url = json.loads(program.stdout.readline())["url"]
        info = requests.get(f"{url}/control/info", timeout=10).json()
        program.send_signal(number)

        assert program.wait(timeout=20) == 0

    assert info["quickbooks"]["client_id"] == "sandbox-client"
    assert set(json.loads(data.read_text())) >= {"clockify", "quickbooks"}

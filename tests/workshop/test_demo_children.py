"""The demo's processes: none is left behind, and busy ports are noticed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sandbox.demo.children import Children, DemoFailed
from sandbox.demo.ports import free_port

SLEEPER = "import time; time.sleep(600)"
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]); {SLEEPER}"


@pytest.fixture
def children(tmp_path: Path) -> Children:
    return Children(dict(os.environ), logs=tmp_path)


def until_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.02)


def test_stopping_ends_services_and_what_they_started(children: Children) -> None:
    service = children.serve("sleeper", [sys.executable, "-c", PARENT])
    children.wait_until(lambda: bool(psutil.Process(service.pid).children()), seconds=30, what="it")
    grandchild = psutil.Process(service.pid).children()[0].pid

    children.stop()

    assert service.returncode == -signal.SIGTERM
    until_gone(grandchild)


def test_a_service_that_ended_by_itself_is_noticed(children: Children) -> None:
    children.serve("short", [sys.executable, "-c", "print('oh no')"]).wait()

    with pytest.raises(DemoFailed, match=r"the short ended unexpectedly; .*short\.log"):
        children.check()

    assert (children.logs / "short.log").read_text() == "oh no\n"


def test_a_command_gives_its_output_and_reads_its_secret_from_standard_input(children: Children) -> None:
    echo = [sys.executable, "-c", "import sys; print(sys.stdin.read().upper()); sys.exit(4)"]

    assert children.run(echo, secret="hush") == (4, "HUSH\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_services_end_when_the_demo_is_killed_outright(tmp_path: Path) -> None:
    demo = (
        "import os, sys; from pathlib import Path; from sandbox.demo.children import Children;"
        "children = Children(dict(os.environ), logs=Path(sys.argv[1]));"
        f"service = children.serve('sleeper', [sys.executable, '-c', {SLEEPER!r}]);"
        "print(service.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", demo, str(tmp_path)], stdout=subprocess.PIPE, check=False)

    until_gone(int(killed.stdout))


def test_a_busy_port_is_noticed_and_the_next_free_one_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        preferred = busy.getsockname()[1]

        port = free_port(preferred, what="the web site")

    assert port > preferred
    assert capsys.readouterr().out == f"Port {preferred} is busy; the web site takes {port}.\n"

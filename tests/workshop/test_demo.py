"""`make demo` as a newcomer runs it: own processes, own folder, twice."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from sandbox.server import start

HOME = Path(__file__).resolve().parents[2]
PATIENCE = 180
# Fewer than a newcomer gets: QuickBooks is sent no more than ten a second.
ENTRIES = 100


def demo(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox.demo", "--folder", str(folder), "--entries", str(ENTRIES), *arguments],
        cwd=HOME,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"QUICKBOOKS_MAX_PER_SECOND": "1"},  # must not reach the demo
    )


def play(folder: Path) -> tuple[int, str]:
    process = demo(folder, "--once")
    output, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, output


def figure(output: str, name: str) -> int:
    match = re.search(rf"^  {name} +([\d,]+) ", output, re.MULTILINE)
    assert match, f"{name} is not in:\n{output}"
    return int(match.group(1).replace(",", ""))


def activities(world: Any) -> int:
    """Return the number of TimeActivities in a sandbox, as it saves itself."""
    return sum(len(company["records"]["TimeActivity"]) for company in world["quickbooks"]["companies"].values())


def at_first() -> int:
    """Return the number of TimeActivities before anything was sent."""
    running = start("agency", entries=ENTRIES)
    running.stop()
    return activities(running.world.to_json())


def in_use(folder: Path) -> list[str]:
    """Return the processes that have a file of the demo's folder open."""
    processes = []
    for process in psutil.process_iter():
        try:
            if any(str(folder) in file.path for file in process.open_files()):
                processes.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return processes


def test_the_demo_sends_what_the_sandbox_then_holds_and_a_second_start_sends_nothing(tmp_path: Path) -> None:
    code, first = play(tmp_path)
    assert code == 0, first
    sent = figure(first, "Sent")
    assert sent > 40
    again_code, second = play(tmp_path)

    assert again_code == 0
    assert activities(json.loads((tmp_path / "sandbox.json").read_text())) == at_first() + sent
    assert (figure(second, "Sent"), figure(second, "Unchanged")) == (0, sent)
    assert figure(first, "Seen") == figure(second, "Seen")
    assert sent + figure(first, "Blocked") == figure(first, "Seen")
    assert in_use(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_or_sigterm_leaves_no_process(tmp_path: Path, how: signal.Signals) -> None:
    process = demo(tmp_path)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Sending"):
            break

    process.send_signal(how)
    output, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0
    assert "Stopping the demo; what it did is kept." in output
    assert in_use(tmp_path) == []

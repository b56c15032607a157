"""The version is kept in pyproject.toml alone, and the command line prints it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from config.version import name_and_version, version
from tests.test_docs import OUR_APPS

HOME = Path(__file__).resolve().parent.parent
COMMANDS = sorted((app, name) for name, app in get_commands().items() if app in OUR_APPS)


def test_the_version_is_that_of_pyproject() -> None:
    project = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]

    assert version() == project["version"]
    assert name_and_version() == f"Hourbridge {project['version']}"


def test_the_changelog_has_a_dated_section_for_it() -> None:
    assert re.search(rf"^## \[{re.escape(version())}\] - \d{{4}}-\d\d-\d\d$", (HOME / "CHANGELOG.md").read_text(), re.M)


@pytest.mark.parametrize("word", ["--version", "version"])
def test_manage_py_says_it_before_anything_is_set_up(word: str) -> None:
    nothing_set = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull}

    process = subprocess.run(
        [sys.executable, str(HOME / "manage.py"), word], env=nothing_set, capture_output=True, text=True, timeout=60
    )

    assert (process.returncode, process.stdout, process.stderr) == (0, f"{name_and_version()}\n", "")


@pytest.mark.parametrize(("app", "name"), COMMANDS)
def test_every_command_of_ours_says_it(app: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        load_command_class(app, name).create_parser("manage.py", name).parse_args(["--version"])

    assert end.value.code == 0
    assert capsys.readouterr().out == f"{name_and_version()}\n"

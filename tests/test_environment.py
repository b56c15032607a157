"""Messages for missing settings, and a check that the example's settings are accepted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from config import environment

HOME = Path(__file__).resolve().parent.parent


def test_without_a_secret_key_the_demo_settings_are_named_where_they_exist(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImproperlyConfigured, match=r"try things out\.$"):
        environment.secret_key(debug=False)

    environment.DEMO.parent.mkdir(parents=True)
    environment.DEMO.touch()

    with pytest.raises(ImproperlyConfigured, match=r"export ENV_FILE=var/demo/demo\.env$"):
        environment.secret_key(debug=False)


@pytest.mark.parametrize("behind_a_sign", ["#", ""])
def test_the_example_is_accepted_once_its_keys_are_filled_in(tmp_path: Path, behind_a_sign: str) -> None:
    """Check the example as it is, and with every line uncommented."""
    text = re.sub("^#(?=[A-Z])", behind_a_sign, (HOME / ".env.example").read_text(), flags=re.MULTILINE)
    text = text.replace("\nSECRET_KEY=", "\nSECRET_KEY=any-long-text")
    text = text.replace("\nENCRYPTION_KEYS=", f"\nENCRYPTION_KEYS={Fernet.generate_key().decode()}")
    (tmp_path / ".env").write_text(text)
    environ = {"PATH": os.environ["PATH"], "ENV_FILE": str(tmp_path / ".env")}

    process = subprocess.run(
        [sys.executable, "-c", "import config.settings"], cwd=HOME, env=environ, capture_output=True, text=True
    )

    assert (process.returncode, process.stderr) == (0, "")

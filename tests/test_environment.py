"""What is said when a setting is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment


def test_without_a_secret_key_the_demo_s_settings_are_named_where_there_are_some(
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

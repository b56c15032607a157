"""What a server does once when it starts."""

from __future__ import annotations

import os
import subprocess
import sys

from django.conf import settings


def test_a_server_does_not_look_for_garbage_among_what_it_loaded() -> None:
    ask = "import gc, config.wsgi; print(gc.get_freeze_count(), len(gc.get_objects()), gc.get_threshold()[0])"
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "DEBUG": "1"}

    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True
    )

    kept, looked_at, threshold = map(int, done.stdout.split())
    assert kept > 50_000 and kept > 10 * looked_at and threshold == 10_000

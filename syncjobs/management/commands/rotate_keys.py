from __future__ import annotations

from typing import Any

from django.conf import settings

from integrations import key_rotation
from integrations.key_rotation import Rotation
from syncjobs.display.formatting import number
from syncjobs.management import base

WRITTEN_MEANWHILE = "An older key has encrypted it again: a process still runs with other ENCRYPTION_KEYS."
FIXES = {
    "unreadable": "Add the key they were stored with to ENCRYPTION_KEYS and repeat, or connect again.",
    "replaced": f"{WRITTEN_MEANWHILE} Start web site and worker again, and repeat.",
}


class Command(base.Command):
    help = "Encrypt every stored secret with the first key of ENCRYPTION_KEYS; repeat it as often as you like."
    takes_workspace = False

    def work(self, **options: Any) -> int | None:
        rotation = key_rotation.rotate()
        for name in rotation.unreadable:
            self.progress(f"Can't be read with any of ENCRYPTION_KEYS: {name}.")
        for name in rotation.replaced:
            self.progress(f"Still encrypted with an older key: {name}.")
        for kind, fix in FIXES.items():
            if getattr(rotation, kind):
                self.progress(fix)
        if options["json"]:
            self.print_json(
                {
                    "encrypted": rotation.done,
                    "current": rotation.current,
                    "unreadable": rotation.unreadable,
                    "replaced": rotation.replaced,
                }
            )
        else:
            self.stdout.write(_summary(rotation))
        return base.CUT_SHORT if rotation.unreadable or rotation.replaced else None


def _summary(rotation: Rotation) -> str:
    left = len(rotation.unreadable) + len(rotation.replaced)
    text = (
        f"{number(rotation.total, 'stored secret,stored secrets')}: {rotation.done} encrypted with the first key now, "
        f"{rotation.current} already before, {len(rotation.unreadable)} can't be read."
    )
    if not left and len(settings.ENCRYPTION_KEYS) > 1:
        text += " The other keys in ENCRYPTION_KEYS are no longer needed once every process has the first one."
    return text

"""The worlds a sandbox can start with."""

from __future__ import annotations

from datetime import date

from sandbox.world import World

NAMES = ("empty", "agency", "generated")


def build(world: World, name: str, *, today: date, entries: int, seed: int) -> None:
    """Fill an empty world."""
    world.quickbooks.add_company(realm="9341454182739650", name="Sandbox Company")

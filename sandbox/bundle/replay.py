"""A sandbox that serves the world of a support bundle."""

from __future__ import annotations

from typing import Any

from sandbox.bundle import clockify, quickbooks
from sandbox.world import World


def fill(world: World, data: dict[str, Any]) -> None:
    """Empty the world and fill it with both sides of a bundle, without the limit of requests of a free workspace."""
    world.empty()
    world.switches.set("clockify_rate_limit", "off")
    clockify.fill(world.clockify, data["clockify"])
    if data.get("quickbooks"):
        quickbooks.fill(world.quickbooks, data["quickbooks"])
    world.changed.set()

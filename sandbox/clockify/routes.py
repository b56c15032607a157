"""The addresses of the local Clockify."""

from __future__ import annotations

from sandbox.http import Router
from sandbox.world import World


def add_routes(router: Router, world: World) -> None:
    """Register Clockify's addresses."""

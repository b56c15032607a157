"""What a person does in the local Clockify, by hand."""

from __future__ import annotations

from sandbox.http import Router
from sandbox.world import World


def add_routes(router: Router, world: World) -> None:
    """Register the controls of the local Clockify."""

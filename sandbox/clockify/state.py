"""The records of the local Clockify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.world import World


class Clockify:
    """Workspaces with their users, clients, projects and entries."""

    def __init__(self, world: World) -> None:
        self.world = world

    def to_json(self) -> dict[str, Any]:
        return {}

    def from_json(self, data: dict[str, Any]) -> None:
        pass

    def info(self, url: str) -> dict[str, Any]:
        """What GET /control/info says about Clockify."""
        return {"api_url": f"{url}/api/v1", "reports_url": f"{url}/report/v1", "workspaces": []}

    def dump(self) -> dict[str, Any]:
        """What GET /control/state shows."""
        return {}

"""The worlds a sandbox can start with."""

from __future__ import annotations

from datetime import date

from sandbox.clockify.records import Member, User
from sandbox.clockify.state import ADMIN_KEY, WORKSPACE_ID
from sandbox.data import agency, generated
from sandbox.world import World

NAMES = ("empty", "agency", "generated")
REALM = "9341454182739650"


def build(world: World, name: str, *, today: date, entries: int, seed: int) -> None:
    """Fill an empty world; the same `today`, `entries` and `seed` always give the same records."""
    if name == "agency":
        agency.build(world, today=today, entries=entries, seed=seed)
    elif name == "generated":
        generated.build(world, today=today, entries=entries, seed=seed)
    else:
        empty(world)


def empty(world: World) -> None:
    """Add one workspace and one company, with nothing but the owner and the owner's key in them."""
    clockify = world.clockify
    workspace = clockify.add_workspace("Sandbox Workspace", id=WORKSPACE_ID)
    settings = {"timeZone": "America/New_York", "weekStart": "MONDAY"}
    owner = User(
        clockify.new_id(),
        "owner@example.test",
        "Sandbox Owner",
        settings=settings,
        active_workspace=workspace.id,
    )
    clockify.put_user(owner)
    workspace.put_member(Member(owner.id, roles=("OWNER",)))
    clockify.put_key(ADMIN_KEY, owner.id)
    world.quickbooks.add_company(realm=REALM, name="Sandbox Company")

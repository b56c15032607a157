"""The sandbox's own addresses: information, state, calls, faults, switches, clock and reset."""

from __future__ import annotations

from datetime import date, timedelta

from sandbox.data import datasets
from sandbox.shared.counters import Counters
from sandbox.shared.faults import UnknownFault
from sandbox.shared.http import Request, Response, Router
from sandbox.shared.switches import UnknownSwitch
from sandbox.world import World


def add_routes(router: Router, world: World) -> None:
    """Register the generic controls."""
    controls = Controls(world)
    router.add("GET", "/control/info", controls.info)
    router.add("POST", "/control/reset", controls.reset)
    router.add("GET", "/control/state", controls.state)
    router.add("GET", "/control/calls", controls.calls)
    router.add("DELETE", "/control/calls", controls.zero_calls)
    router.add("GET", "/control/faults", controls.faults)
    router.add("POST", "/control/faults", controls.add_fault)
    router.add("DELETE", "/control/faults", controls.clear_faults)
    router.add("GET", "/control/switches", controls.switches)
    router.add("POST", "/control/switches", controls.turn_switches)
    router.add("GET", "/control/clock", controls.clock)
    router.add("POST", "/control/clock", controls.set_clock)


def fill(world: World, name: str, *, today: date | None, entries: int, seed: int) -> None:
    """Empty the world and fill it with a data set; `today` defaults to the real date."""
    world.empty()
    datasets.build(world, name, today=today or world.now().date(), entries=entries, seed=seed)
    world.changed.set()


class Controls:
    """Handlers of the generic controls."""

    def __init__(self, world: World) -> None:
        self.world = world

    def info(self, request: Request) -> Response:
        url = self.world.url
        body = {"clockify": self.world.clockify.info(url), "quickbooks": self.world.quickbooks.info(url)}
        return Response(body=body)

    def reset(self, request: Request) -> Response:
        """Start over with a data set; switches, faults, counters and clock are reset too."""
        options = request.json() if request.body else {}
        name = options.get("dataset", "empty")
        if name not in datasets.NAMES:
            return Response(400, {"error": f"dataset must be one of {', '.join(datasets.NAMES)}"})
        today = date.fromisoformat(options["today"]) if options.get("today") else None
        fill(
            self.world,
            name,
            today=today,
            entries=int(options.get("entries", 400)),
            seed=int(options.get("seed", 1)),
        )
        return self.info(request)

    def state(self, request: Request) -> Response:
        return Response(body={"clockify": self.world.clockify.dump(), "quickbooks": self.world.quickbooks.dump()})

    def calls(self, request: Request) -> Response:
        return Response(body=self.world.counters.to_json())

    def zero_calls(self, request: Request) -> Response:
        self.world.counters = Counters()
        return self.calls(request)

    def faults(self, request: Request) -> Response:
        return Response(body=self.world.faults.to_json())

    def add_fault(self, request: Request) -> Response:
        try:
            fault = self.world.faults.add(**request.json())
        except UnknownFault as error:
            return Response(400, {"error": str(error)})
        return Response(body={"id": fault.id})

    def clear_faults(self, request: Request) -> Response:
        self.world.faults.clear()
        return self.faults(request)

    def switches(self, request: Request) -> Response:
        return Response(body=self.world.switches.to_json())

    def turn_switches(self, request: Request) -> Response:
        try:
            for name, value in request.json().items():
                self.world.switches.set(name, value)
        except UnknownSwitch as error:
            return Response(400, {"error": str(error)})
        self.world.changed.set()
        return self.switches(request)

    def clock(self, request: Request) -> Response:
        seconds = self.world.offset.total_seconds()
        return Response(body={"now": self.world.now().isoformat(), "offset_seconds": seconds})

    def set_clock(self, request: Request) -> Response:
        """Set the sandbox's clock `offset_seconds` away from the real one."""
        self.world.offset = timedelta(seconds=request.json()["offset_seconds"])
        self.world.changed.set()
        return self.clock(request)

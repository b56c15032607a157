"""The controls of stories, and of the pairs and entries that a data set is known to hold."""

from __future__ import annotations

from sandbox.data.stories import STORIES, NothingFits
from sandbox.shared.http import Request, Response, Router
from sandbox.world import World


def add_routes(router: Router, world: World) -> None:
    """Register the controls that concern both vendors' records."""
    controls = StoryControls(world)
    router.add("GET", "/control/expected", controls.expected)
    router.add("GET", "/control/story", controls.list_stories)
    router.add("POST", "/control/story/{name}", controls.tell_story)


class StoryControls:
    """Handlers of /control/expected and /control/story."""

    def __init__(self, world: World) -> None:
        self.world = world

    def expected(self, request: Request) -> Response:
        """Return the pairs and mismatches before any link, and the special entries by reason."""
        return Response(body=self.world.clockify.expected)

    def list_stories(self, request: Request) -> Response:
        return Response(body={name: story.__doc__ for name, story in STORIES.items()})

    def tell_story(self, request: Request, name: str) -> Response:
        """Carry out a story; the answer lists every change with its ids."""
        if name not in STORIES:
            return Response(404, {"error": f"story must be one of {', '.join(STORIES)}"})
        options = request.json() if request.body else {}
        try:
            return Response(body={"story": name, "did": STORIES[name](self.world, int(options.get("count", 5)))})
        except NothingFits as error:
            return Response(409, {"error": str(error)})

"""The pairs of a sheet that are on its other pages: carried in its form, ticked or not, each as it was shown.

They stand in one field, since a form of a thousand pairs would have more fields than Django reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.http import HttpRequest

from config.nul import NUL
from mapping.errors import Refused

FIELD = "elsewhere"


@dataclass(frozen=True)
class Elsewhere:
    """Pairs as a sheet shows them, `KEY=PARTNER=VERSION`."""

    ticked: list[str] = field(default_factory=list)
    unticked: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return json.dumps([self.ticked, self.unticked])

    @property
    def shown(self) -> list[str]:
        return [*self.ticked, *self.unticked]

    @property
    def ticked_keys(self) -> Iterable[str]:
        return (text.partition("=")[0] for text in self.ticked)


def of(request: HttpRequest) -> Elsewhere:
    """Return what the form carries. Raises Refused for what no sheet wrote."""
    text = request.POST.get(FIELD, "")
    if not text:
        return Elsewhere()
    try:
        ticked, unticked = json.loads(text)
        return Elsewhere(_texts(ticked), _texts(unticked))
    except (ValueError, TypeError, RecursionError) as error:
        raise Refused("The page did not say what it showed, so open it again. Nothing was changed.") from error


def _texts(values: list[object]) -> list[str]:
    texts = [value for value in values if isinstance(value, str)]
    # JSON can escape what no form could contain and no database stores: a NUL, and half a character pair.
    if not isinstance(values, list) or len(texts) < len(values) or NUL in "".join(texts):
        raise TypeError
    "".join(texts).encode()
    return texts

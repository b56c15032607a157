"""QuickBooks' response time: a log-normal spread with a median and a tail, as measured services have."""

from __future__ import annotations

import math
import random
from statistics import NormalDist

from sandbox.shared.http import Request
from sandbox.shared.switches import Switches

TAIL = NormalDist().inv_cdf(0.99)
LONGEST_SECONDS = 20


def seconds(switches: Switches, request: Request, draw: random.Random) -> float:
    """Return the time one call takes, 0 while the switch is off."""
    median = switches["latency_median_ms"] / 1000
    if not median or not request.path.startswith("/v3/"):
        return 0
    spread = max(0.0, math.log(max(switches["latency_tail_ms"] / 1000, median) / median) / TAIL)
    drawn = median * math.exp(draw.gauss(0, spread))
    if request.path.endswith("/batch"):
        drawn += request.body.count(b'"bId"') * switches["latency_per_item_ms"] / 1000
    return min(drawn, LONGEST_SECONDS) / float(switches["speed"])

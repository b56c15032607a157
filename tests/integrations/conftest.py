"""A workspace and a company to connect, as the tests of syncs have them."""

from __future__ import annotations

from tests.syncjobs.conftest import ada, scene, site

__all__ = ["ada", "scene", "site"]

"""The databases that figures are measured on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.support import postgres


def each() -> Iterator[tuple[str, str]]:
    """Yield name and URL: SQLite ("": the stage's own file), then a temporary PostgreSQL, if one is installed."""
    yield "SQLite", ""
    try:
        with _postgres() as url:
            yield "PostgreSQL", url
    except postgres.NoPostgres as reason:
        print(f"    No PostgreSQL here: {reason}")


@contextmanager
def _postgres() -> Iterator[str]:
    with ExitStack() as stack:
        folder = stack.enter_context(postgres.temporary_folder())
        try:
            url, _ = stack.enter_context(postgres.debian_server(folder))
        except postgres.NoPostgres:
            url, _ = stack.enter_context(postgres.packaged_server(folder))
        yield url

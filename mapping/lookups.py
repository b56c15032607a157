"""A lookup for long lists of ids: `filter(clockify_id__among=ids)`."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import CharField, Lookup

from config.nul import NUL


@CharField.register_lookup
class Among(Lookup):
    """A text is one of a collection, which is one parameter: `in` takes one for each value, and time for each."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        # No text has a NUL: PostgreSQL refuses one, and SQLite reads JSON to it and would find another text.
        values = sorted(value for value in self.rhs if NUL not in value)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", (*params, values)
        return f"{column} IN (SELECT value FROM json_each(%s))", (*params, json.dumps(values))

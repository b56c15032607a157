"""Add line rules to the only workspace: python -m tests.bench.fill_rules COUNT.

They are of every kind that the generated world has records for: project and user, project, user, client; each gives an
item, and every third a description too.
"""

from __future__ import annotations

import json
import sys
from itertools import cycle, islice

import django

django.setup()

from django.utils import timezone  # noqa: E402

from integrations.models import ClockifyClient, ClockifyProject, ClockifyUser, Item, Workspace  # noqa: E402
from syncjobs.models import LineRule  # noqa: E402

TEMPLATE = "{project}: {description} ({user}, {start} to {end})"


def main() -> None:
    """Print the number of rules as JSON."""
    workspace, count = Workspace.objects.get(), int(sys.argv[1])
    projects, users, clients = (
        list(model._default_manager.filter(workspace=workspace).order_by("pk").values_list("clockify_id", flat=True))
        for model in (ClockifyProject, ClockifyUser, ClockifyClient)
    )
    items = Item.objects.filter(company=workspace.company, active=True, type="Service").order_by("pk")
    item_ids = cycle(list(items.values_list("quickbooks_id", flat=True)))
    conditions = [{"project_id": project, "user_id": user} for project, user in zip(projects, users, strict=False)]
    for name, ids in (("project_id", projects), ("user_id", users), ("client_id", clients)):
        conditions += [{name: key} for key in ids]
    step = max(1, len(conditions) // count)
    rules = [
        LineRule(
            workspace=workspace,
            company=workspace.company,
            at=timezone.now(),
            item_id=next(item_ids),
            description="" if number % 3 else TEMPLATE,
            **condition,
        )
        for number, condition in enumerate(islice(conditions[::step], count))
    ]
    LineRule.objects.bulk_create(rules)
    print(json.dumps({"rules": len(rules)}))


if __name__ == "__main__":
    main()

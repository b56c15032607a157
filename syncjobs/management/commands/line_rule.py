from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from integrations.database import database_now
from integrations.models import Workspace
from syncjobs import line_rules
from syncjobs.management import base
from syncjobs.rules.drafts.line_rules import CONDITIONS, FIELDS
from syncjobs.rules.drafts.templates import VALUES
from syncjobs.support import explain


class Command(base.Command):
    help = (
        f"Which item, class, location and description time gets: list the rules, add one (KEY=VALUE of "
        f"{', '.join(CONDITIONS)}, which it needs, and {', '.join(FIELDS)}, which it gives), remove one by its id, or "
        f"test an entry. Ids are Clockify's and QuickBooks'; a description may have "
        f"{' '.join(f'{{{name}}}' for name in VALUES)}."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("action", choices=["list", "add", "remove", "test"])
        parser.add_argument("values", nargs="*", metavar="KEY=VALUE, RULE or ENTRY_ID")

    def work(self, **options: Any) -> int | None:
        action, values = options["action"], options["values"]
        if action == "list":
            if values:
                raise base.Problem("`line_rule list` takes nothing more.")
            self._list(self.workspace(options), as_json=options["json"])
        elif action == "add":
            pairs = base.pairs(values)
            self._add(self.connected_workspace(options), pairs, as_json=options["json"])
        elif len(values) != 1:
            raise base.Problem(f"`line_rule {action}` takes one {'rule' if action == 'remove' else 'time entry'}.")
        elif action == "remove":
            self._remove(self.connected_workspace(options), values[0], as_json=options["json"])
        else:
            self._test(self.connected_workspace(options), values[0].strip(), as_json=options["json"])
        return None

    def _list(self, workspace: Workspace, *, as_json: bool) -> None:
        rules = line_rules.listed(workspace)
        if as_json:
            self.print_json(rules)
            return
        for rule in rules:
            self._print_rule(rule)
        if not rules:
            self.stdout.write("There are no line rules; time gets what `policy` says.")

    def _add(self, workspace: Workspace, values: dict[str, str], *, as_json: bool) -> None:
        now = database_now()
        row = line_rules.add(workspace, values, now=now)
        line_rules.evaluate_again(workspace, now=database_now())
        rule = line_rules.as_json(row, line_rules.entries_by_rule(workspace)[row.pk])
        if as_json:
            self.print_json(rule)
        else:
            self._print_rule(rule)

    def _remove(self, workspace: Workspace, rule_id: str, *, as_json: bool) -> None:
        line_rules.remove(workspace, rule_id, now=database_now())
        line_rules.evaluate_again(workspace, now=database_now())
        if as_json:
            self.print_json({"removed": int(rule_id)})
        else:
            self.stdout.write(f"Rule {rule_id} is gone. What was sent before stays as it is.")

    def _test(self, workspace: Workspace, entry_id: str, *, as_json: bool) -> None:
        try:
            row = explain.stored_or_read(workspace, entry_id, now=database_now())
        except explain.UnknownEntry as problem:
            raise base.Problem(str(problem)) from None
        fields = line_rules.fields_of(workspace, row)
        if as_json:
            self.print_json({"entry": entry_id, **fields})
            return
        for name, field in fields.items():
            value = field.get("value") or f"{field.get('id', '')} {field.get('name', '')}".strip()
            self.stdout.write(f"{name}: {value or 'nothing'}{', by ' + field['by'] if field['by'] else ''}")

    def _print_rule(self, rule: dict[str, Any]) -> None:
        shown = " ".join(f"{name}={value}" for name, value in rule.items() if value and name not in {"id", "entries"})
        self.stdout.write(f"rule {rule['id']}: {shown} ({rule['entries']} entries)")

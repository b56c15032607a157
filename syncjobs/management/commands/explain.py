from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from integrations.errors import ApiError
from integrations.models import TimeEntry, Workspace
from syncjobs.display.sent import difference_sentences, facts, sentence
from syncjobs.management import base
from syncjobs.models import Receipt
from syncjobs.support import explain


class Command(base.Command):
    help = "Why one Clockify time entry was or was not sent: every failing check, and who resolves it where."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("entry_id", metavar="ENTRY_ID")

    def work(self, **options: Any) -> int | None:
        entry_id = options["entry_id"].strip()
        explanation = self._explain(entry_id, options)
        shown = explanation.as_json()
        sent = self._receipt(explanation)
        if sent is not None:
            shown["sent"] = facts(sent)
        if options["json"]:
            self.print_json(shown)
            return None
        activity_text = f", QuickBooks activity {shown['quickbooks_id']}" if shown["quickbooks_id"] else ""
        self.stdout.write(f"{entry_id}: {shown['state']}{activity_text}")
        if sent is not None:
            self.stdout.write(f"  {sentence(sent, zone=sent.workspace.time_zone)}")
        if shown.get("kept"):
            self.stdout.write("  A person keeps it in QuickBooks although it is no longer billable work.")
        for reason in shown["reasons"]:
            self.stdout.write(f"  {reason['code']}: {reason['message']} {reason['fix']} (fix in {reason['fix_in']})")
            if "url" in reason:
                self.stdout.write(f"    {reason['url']}")
        for name, field in shown.get("fields", {}).items():
            if field["by"]:
                value = field.get("value") or f"{field.get('name') or field.get('id')}"
                self.stdout.write(f"  {name}: {value}, by {field['by']}")
        company = sent.company if sent is not None else None
        for line in [*difference_sentences(company, explanation.differences), *shown.get("not_asked", [])]:
            self.stdout.write(f"  {line}")
        return None

    def _receipt(self, explanation: explain.Explanation) -> Receipt | None:
        rows = Receipt.objects.filter(entry_id=explanation.entry_id, quickbooks_id=explanation.quickbooks_id or "")
        return rows.select_related("run", "company", "workspace").first()

    def _explain(self, entry_id: str, options: base.Options) -> explain.Explanation:
        """Explain the entry in the named workspace, else in every one: an entry belongs to exactly one.

        Raises Problem if no workspace has it, ApiError if that is uncertain.
        """
        workspaces = [self.workspace(options)] if options["workspace"] else self._candidates(entry_id)
        problem: Exception | None = None
        for workspace in workspaces:
            try:
                return explain.explain(workspace, entry_id, now=timezone.now())
            except (explain.UnknownEntry, ApiError) as error:
                # A workspace that can't be asked may have the entry, so its error outranks "unknown".
                problem = error if not isinstance(problem, ApiError) else problem
        # There was no workspace to ask: raises Problem with NOT_CONNECTED.
        if problem is None:
            self.workspace(options)
        if isinstance(problem, ApiError):
            raise problem
        raise base.Problem(str(problem))

    def _candidates(self, entry_id: str) -> list[Workspace]:
        workspace_ids = TimeEntry.objects.filter(clockify_id=entry_id).values_list("workspace_id", flat=True)
        return list(Workspace.objects.filter(pk__in=workspace_ids)) or list(Workspace.objects.order_by("pk"))

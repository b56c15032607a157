"""The form of one line rule, with names in place of ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from integrations.database import database_now
from integrations.errors import ApiError
from integrations.models import Workspace
from mapping.errors import Refused
from mapping.queries import company_of
from syncjobs import line_rules
from syncjobs.line_rules import LABELS
from syncjobs.pages.lines import options
from syncjobs.planning.lines import SWITCHES
from syncjobs.rules.drafts.line_rules import CONDITIONS, REFERENCES
from syncjobs.rules.drafts.templates import LONGEST, VALUES

NAMES_KNOWN = " ".join(f"{{{name}}}" for name in VALUES)
ORDER = ("user", "client", "project", "task", "tag")


class RuleForm(forms.Form):
    """Conditions and results as people type them. After `is_valid`, `given` has the ids by name."""

    description = forms.CharField(
        label=LABELS["description"],
        max_length=LONGEST,
        required=False,
        help_text=f"Such as {{project}}: {{description}}. Placeholders: {NAMES_KNOWN}. Leave empty to send Clockify's.",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )

    def __init__(self, workspace: Workspace, data: Any = None, *, values: Mapping[str, str] | None = None) -> None:
        self.workspace, self.given = workspace, dict[str, str]()
        company = company_of(workspace)
        # Why a result has no field, by label.
        self.switched_off = {
            LABELS[name]: f"{plural.capitalize()} are switched off in QuickBooks, so a rule can't give any."
            for name, (column, plural) in SWITCHES.items()
            if getattr(company, column) is False
        }
        self.names = [name for name in (*ORDER, *REFERENCES) if LABELS[name] not in self.switched_off]
        self.options = {name: options.options(workspace, name) for name in self.names}
        for name, key in (values or {}).items():
            # Other fields of the rule can be changed while its project is gone, say.
            if name in self.options and key not in {option.key for option in self.options[name]}:
                self.options[name].append(options.kept(workspace, name, key))
        super().__init__(data, initial=self._initial(values or {}))
        for name in self.names:
            widget = forms.TextInput(attrs={"list": f"list-{name}", "autocomplete": "off"})
            self.fields[name] = forms.CharField(label=LABELS[name], required=False, max_length=600, widget=widget)

    def _initial(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return the names of a rule's ids; an id without a record stays as it is."""
        labels = {(name, option.key): option.label for name, found in self.options.items() for option in found}
        return {name: labels.get((name, value), value) for name, value in values.items()}

    @property
    def conditions(self) -> list[forms.BoundField]:
        return [self[name] for name in ORDER]

    @property
    def results(self) -> list[forms.BoundField]:
        return [self[name] for name in (*REFERENCES, "description") if name in self.fields]

    @property
    def lists(self) -> list[tuple[str, list[options.Option]]]:
        return [(f"list-{name}", found) for name, found in self.options.items()]

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or {})
        try:
            given = {name: self._id_of(name, values[name]) for name in self.names if values.get(name)}
            if not self.errors:
                given["description"] = values.get("description", "")
                self.given = line_rules.check(self.workspace, given, now=database_now())
        except Refused as refusal:
            self.add_error(None, str(refusal))
        except ApiError as error:
            self.add_error(None, f"Clockify's list of tasks or tags can't be read now: {error}")
        return values

    def _id_of(self, name: str, text: str) -> str:
        """Return the id of what was typed; adds an error to the field where nothing or several have that name."""
        side = "Clockify" if name in CONDITIONS else "QuickBooks"
        try:
            key = options.chosen(self.options[name], text)
            if not key and name in {"task", "tag"}:
                # One that nobody worked on yet: the list has it.
                line_rules.read_tasks_and_tags(self.workspace, [name], now=database_now())
                self.options[name] = options.options(self.workspace, name)
                key = options.chosen(self.options[name], text)
            if not key:
                self.add_error(name, f"{side} has no {LABELS[name].lower()} “{text}” that can be chosen.")
        except LookupError:
            key = ""
            self.add_error(name, f"{side} has several of the name “{text}”; choose one from the list.")
        return key

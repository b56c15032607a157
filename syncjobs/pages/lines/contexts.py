"""What the templates of line rules get, by name: one type for each page or part of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from integrations.models import TimeEntry, Workspace
from syncjobs.pages.lines.csv_file import RulesUpload
from syncjobs.pages.lines.forms import RuleForm
from syncjobs.pages.uploads import ShownChanges
from syncjobs.planning.line_preview import Difference
from syncjobs.rules.drafts.line_rules import LineRule


class PreviewContext(TypedDict):
    """What rules would change: `entries` of those that are `waiting`, their number by the label of each field.

    `differences`: the first fields of entries, each with its label; `more`: how many others there are.
    """

    waiting: int
    entries: int
    by_field: Sequence[tuple[str, int]]
    differences: Sequence[tuple[str, Difference]]
    more: int


class EditContext(TypedDict):
    """A rule's form; what follows comes with its preview. `seen`: what that showed; `moved`: it was another before."""

    workspace: Workspace
    form: RuleForm
    rule_id: int | None
    seen: NotRequired[str]
    moved: NotRequired[bool]
    preview: NotRequired[PreviewContext]
    examples: NotRequired[Sequence[tuple[TimeEntry, str]]]


class RemoveContext(TypedDict):
    """What time would get without the rule. `seen` and `moved` as in `EditContext`."""

    workspace: Workspace
    rule: LineRule
    preview: PreviewContext
    seen: str
    moved: bool


class UploadContext(TypedDict):
    """The page of an upload; `headers`: the columns of its file; `refused`: why what was uploaded can't be."""

    workspace: Workspace
    headers: Sequence[str]
    back: str
    refused: str


class UploadedContext(ShownChanges):
    """What a file of rules would change. `preview` is None where it changes nothing; the rest as in `EditContext`."""

    upload: RulesUpload
    text: str
    seen: str
    moved: bool
    preview: PreviewContext | None

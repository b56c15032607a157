from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncjobs.rules.drafts import description, templates
from syncjobs.rules.drafts.draft import warnings
from syncjobs.rules.drafts.line_rules import LineRules
from syncjobs.rules.drafts.templates import BadTemplate
from tests.support.values import work

ENTRY = work(
    task_id="ux",
    task_name="UX {draft}",
    tags=(("t1", "rush"), ("t2", "")),
    zone="America/New_York",
    seconds=5400,
)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{description}", "Review"),
        ("{project}: {description}", "Site: Review"),
        ("{client} / {project} / {task} / {user}", "Acme / Site / UX {draft} / Ada"),
        ("{tags}", "rush, t2"),
        ("{start}-{end} ({duration}) {id}", "09:00-10:30 (1:30) e1"),
        ("{{literal}} {{{user}}}", "{literal} {Ada}"),
        ("plain words", "plain words"),
        ("  {user}\n{task}  ", "Ada\nUX {draft}"),
    ],
)
def test_a_template_is_filled_from_the_entry(template: str, expected: str) -> None:
    templates.check(template)

    assert templates.render(template, ENTRY) == expected


def test_what_an_entry_does_not_have_leaves_nothing() -> None:
    entry = work(seconds=None, client_name="")

    assert templates.render("{task}{tags}{client}{end}|{duration}", entry) == "|0:00"
    assert templates.render("{duration}", work(seconds=61)) == "0:01:01"


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{employee}", r"\{employee\} is no name .* there are \{description\} \{task\} .* \{id\}"),
        ("{}", r"\{\} is no name"),
        ("{user.email}", r"\{user.email\} is no name"),
        ("{user!r}", r"\{user!r\} is no name"),
        ("{start:%H}", "is no name"),
        ("{ user }", "is no name"),
        ("{__class__}", "is no name"),
        ("{user", r"a single \{ says nothing; write \{\{"),
        ("user}", r"a single \} says nothing; write \}\}"),
        ("{{user}", r"a single \} says nothing"),
        ("x" * 4001, "4,001 characters, 4,000 are the most"),
    ],
)
def test_anything_else_is_refused_with_what_can_be_written(template: str, says: str) -> None:
    with pytest.raises(BadTemplate, match=says):
        templates.check(template)


@given(st.text(st.sampled_from("{}ab .!:user"), max_size=30))
def test_what_passes_the_check_is_filled_without_a_brace_left_over(template: str) -> None:
    try:
        templates.check(template)
    except BadTemplate:
        return
    doubled = template.count("{{") + template.count("}}")
    shown = templates.render(template, work(user_name="U"))
    assert shown.count("{") + shown.count("}") <= doubled


def test_filled_words_are_cut_like_clockifys_own_and_that_is_said() -> None:
    entry = work(description="x" * 3995)
    line = LineRules(defaults={"description": "{project} {client} {description}"}).line(entry)

    assert len(description.cut(line.words)) == 4000
    assert warnings(entry, line) == ["DESCRIPTION_CUT"]

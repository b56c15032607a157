"""Which rule gives which field: the index against a plain statement of the precedence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncjobs.rules import reasons
from syncjobs.rules.drafts.eligibility import Broken, Policy, broken_reason
from syncjobs.rules.drafts.entry import Entry
from syncjobs.rules.drafts.line_rules import CONDITIONS, DEFAULT, FIELDS, LineRule, LineRules, why_before
from tests.support.values import resolved, work

ITEM, OTHER = {"item": "7"}, {"item": "8"}
TAGGED = {"task_id": "ux", "task_name": "UX", "tags": (("rush", "Rush"), ("onsite", "On site"))}
ENTRY = work(**TAGGED)


def rule(id: int, conditions: dict[str, str], results: dict[str, str] = ITEM) -> LineRule:
    return LineRule(id, conditions, results)


def chosen(*rules: LineRule, entry: Entry = ENTRY, defaults: dict[str, str] | None = None) -> Any:
    return LineRules(rules, defaults or {}).line(entry)


ORDER = [
    {"task": "ux"},
    {"tag": "rush"},
    {"project": "site"},
    {"user": "ada"},
    {"client": "acme"},
]


@pytest.mark.parametrize("place", range(len(ORDER) - 1))
def test_task_tag_project_user_client_is_the_order(place: int) -> None:
    line = chosen(rule(1, ORDER[place + 1], OTHER), rule(2, ORDER[place]))

    assert (line.value("item"), line.choices["item"].rule_id) == ("7", 2)


def test_a_single_more_specific_condition_beats_several_less_specific_ones() -> None:
    line = chosen(rule(1, {"project": "site", "user": "ada", "client": "acme"}, OTHER), rule(2, {"task": "ux"}))

    assert line.value("item") == "7"


def test_of_the_same_rank_more_conditions_win_then_the_older_rule() -> None:
    assert chosen(rule(1, {"tag": "rush"}, OTHER), rule(2, {"tag": "rush", "user": "ada"})).value("item") == "7"
    assert chosen(rule(2, {"tag": "rush"}, OTHER), rule(1, {"tag": "onsite"})).value("item") == "7"
    assert chosen(rule(2, {"user": "ada"}, OTHER), rule(1, {"user": "ada"})).value("item") == "7"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (rule(1, {"project": "site", "user": "ada", "client": "acme"}), "a tag before a project"),
        (rule(1, {"tag": "rush"}), "more conditions"),
        (rule(3, {"tag": "onsite", "client": "acme"}), "the older one"),
    ],
)
def test_why_a_rule_comes_before_the_next_one_is_said(other: LineRule, why: str) -> None:
    first = rule(2, {"tag": "rush", "user": "ada"})

    assert LineRules([other, first]).in_order == [first, other]
    assert why_before(first, other) == why


def test_all_conditions_have_to_hold() -> None:
    line = chosen(rule(1, {"task": "ux", "user": "bea"}), defaults={"item": "1"})

    assert (line.value("item"), line.choices["item"].by) == ("1", DEFAULT)


def test_each_field_is_decided_apart() -> None:
    rules = [
        rule(1, {"client": "acme"}, {"item": "7", "class": "5", "location": "3"}),
        rule(2, {"task": "ux"}, {"class": "6", "description": "{task}"}),
    ]
    line = LineRules(rules, {"item": "1", "location": ""}).line(ENTRY)

    assert {name: line.value(name) for name in FIELDS} == {
        "item": "7",
        "class": "6",
        "location": "3",
        "description": "{task}",
    }
    assert line.words == "UX"


def test_without_rules_and_defaults_nothing_is_given_and_the_words_are_clockifys() -> None:
    line = chosen(entry=work(description=" As typed "))

    assert (line.choices, line.words) == ({}, " As typed ")


@pytest.mark.parametrize(("name", "kind"), [("item", "item"), ("class", "class"), ("location", "department")])
def test_a_rule_whose_record_cannot_be_used_holds_its_entries_and_is_named(name: str, kind: str) -> None:
    rules = LineRules([LineRule(3, {"user": "ada"}, {name: "5"}, "user Ada")], {"item": "1"})
    policy = Policy(line_rules=rules, broken={(kind, "5"): Broken("Retail", "is inactive in QuickBooks")})

    reason = next(iter(resolved(policy=policy).reasons))

    assert (reason.code, reason.facts["rule"]) == ("LINE_RULE_BROKEN", 3)
    assert str(reason.facts["what"]).endswith("Retail, which rule 3: user Ada gives,")
    assert resolved(work(user_id="bea"), policy=policy).codes == {"USER_NOT_MAPPED"}


@pytest.mark.parametrize(
    ("name", "kind", "setting", "what"),
    [
        ("item", "item", "service_item", "The service item Retail"),
        ("class", "class", "class", "The class Retail"),
        ("location", "department", "location", "The location Retail"),
    ],
)
def test_a_default_that_cannot_be_used_is_named_by_its_setting(name: str, kind: str, setting: str, what: str) -> None:
    broken = {(kind, "5"): Broken("Retail", "is inactive in QuickBooks")}

    [reason] = resolved(policy=Policy(line_rules=LineRules(defaults={name: "5"}), broken=broken)).reasons

    assert reason.facts == {"what": what, "how": "is inactive in QuickBooks", "default": setting}
    assert broken_reason(kind, broken[kind, "5"], answered=True).facts == {
        "what": what,
        "how": "is inactive in QuickBooks",
        "answered": True,
    }


def test_rules_say_which_conditions_they_have_and_one_without_any_gives_nothing() -> None:
    rules = LineRules(
        [LineRule(1, {"client": "acme", "task": "t"}, {"item": "5"}), LineRule(2, {}, {"item": "6"})], {"class": "7"}
    )

    assert rules.conditions == ["task", "client"] and LineRules().conditions == []
    assert resolved(policy=Policy(line_rules=rules)).line.value("item") == ""


def test_rules_say_whether_a_template_of_theirs_uses_a_name() -> None:
    rules = LineRules([LineRule(3, {"user": "ada"}, {"description": "{task}: {text}"})], {"description": "{project}"})

    assert rules.uses(["task"]) and rules.uses(["tag", "project"])
    assert not rules.uses(["tag"]) and not LineRules().uses(["task"])


def test_the_remedy_names_the_page_of_what_gives_it() -> None:
    broken = {("class", "5"): Broken("Retail", "is inactive in QuickBooks")}
    by_rule = Policy(line_rules=LineRules([LineRule(3, {"user": "ada"}, {"class": "5"})]), broken=broken)
    by_default = Policy(line_rules=LineRules(defaults={"class": "5"}), broken=broken)
    by_people = broken_reason("class", broken["class", "5"], answered=True)
    rows = [next(iter(resolved(policy=policy).reasons)).as_row() for policy in (by_rule, by_default)]

    rule, default, people, unknown = (
        reasons.explain(row) for row in (*rows, by_people.as_row(), {"code": "LINE_RULE_BROKEN"})
    )

    assert rows[1]["default"] == "class"
    assert rule["fix"].startswith("Choose another one under Line rules, or make it usable")
    assert default["fix"].startswith("Choose another one under Rules, or make it usable")
    assert people["fix"].startswith("Make it usable in QuickBooks again, or give that time another one there")
    assert "Line rules, or under Rules where it is the default" in unknown["fix"]
    assert [row["fix_in"] for row in (rule, default, people, unknown)] == ["here", "here", "quickbooks", "here"]


# --- against a plain statement of the precedence -------------------------------------------------------------
IDS = ("a", "b", "c")
conditions = st.dictionaries(st.sampled_from(CONDITIONS), st.sampled_from(IDS), min_size=1)
results = st.dictionaries(st.sampled_from(FIELDS[:3]), st.sampled_from(["1", "2", "3"]), min_size=1)
entries = st.builds(
    lambda task, tags, project, user, client: work(
        task_id=task, tags=tuple((key, key) for key in tags), project_id=project, user_id=user, client_id=client
    ),
    st.sampled_from(["", *IDS]),
    st.lists(st.sampled_from(IDS), unique=True),
    *(st.sampled_from(["", *IDS]) for _ in range(3)),
)


def plainly(rules: list[LineRule], field: str, entry: Entry) -> int | None:
    """Return the id of the rule that decides about a field, said as the manual says it."""
    held = {
        "task": {entry.task_id},
        "tag": {key for key, _ in entry.tags},
        "project": {entry.project_id},
        "user": {entry.user_id},
        "client": {entry.client_id},
    }
    matching = [
        rule
        for rule in rules
        if rule.results.get(field) and all(value in held[name] for name, value in rule.conditions.items())
    ]
    for name in ("task", "tag", "project", "user", "client"):
        of_rank = [rule for rule in matching if name in rule.conditions]
        if of_rank:
            most = max(len(rule.conditions) for rule in of_rank)
            return min(rule.id for rule in of_rank if len(rule.conditions) == most)
    return None


@given(st.lists(st.tuples(conditions, results), max_size=12), entries)
def test_the_chosen_rule_is_the_one_that_the_plain_precedence_names(
    pairs: list[tuple[dict[str, str], dict[str, str]]], entry: Entry
) -> None:
    rules = [rule(number, *pair) for number, pair in enumerate(pairs, start=1)]

    line = LineRules(rules).line(entry)

    for field in FIELDS:
        choice = line.choices.get(field)
        assert (choice.rule_id if choice else None) == plainly(rules, field, entry)

from __future__ import annotations

import pytest

from mapping.matching.acceptance import is_clear
from mapping.matching.match import ClockifyRecord, QuickBooksRecord, Suggestion, match
from mapping.matching.suggest import LikelyPartners, ranked
from tests.bench import name_pairs
from tests.support.records import client, customer, employee, project, reasons, row, user, vendor


def _likely(
    clockify: ClockifyRecord,
    quickbooks: list[QuickBooksRecord],
    *,
    parent_id: str = "",
    taken: frozenset[tuple[str, str]] = frozenset(),
) -> tuple[Suggestion, ...]:
    return LikelyPartners(quickbooks, kind=clockify.kind, taken=taken).of(clockify, parent_id=parent_id)


ALIKE = [
    ("Acme", "Acme", "same name"),
    ("Acme", "ACME", "same name apart from case"),
    ("O'Neill", "O\u2019Neill", "same name apart from apostrophes"),
    ("Jos\u00e9 Garc\u00eda", "Jose Garcia", "same name apart from accents"),
    ("Smith-Jones", "Smith Jones", "same name apart from punctuation"),
    ("Smith, John", "John Smith", "same words in another order"),
    ("Jos\u00e9 Garc\u00eda-L\u00f3pez", "Garcia Lopez, Jose", "same words in another order"),
    ("Smith & Sons", "Smith and Sons", "same name in another spelling"),
    ("Acme", "Acme GmbH", "same name apart from the legal form"),
    ("Acme Inc.", "Acme LLC", "same name apart from the legal form"),
    ("Bob Stone", "Rob Stone", "one letter differs"),
    ("Bob Stone", "Zob Stone", "one letter differs"),
    ("Bob Stone", "BobStone", "same name apart from spaces"),
    ("Catherine Stone", "Kathrine Stone", "two letters differ"),
    ("Northern Lights Trading", "Northern Light Traders", "similar name"),
]


@pytest.mark.parametrize(("clockify_name", "quickbooks_name", "why"), ALIKE)
def test_a_likely_partner_comes_with_a_why(clockify_name: str, quickbooks_name: str, why: str) -> None:
    (suggestion,) = _likely(client("c1", clockify_name), [customer("1", quickbooks_name)])

    assert suggestion.why == why
    assert (suggestion.id, suggestion.name, suggestion.kind) == ("1", quickbooks_name, "customer")
    assert 0.75 <= suggestion.score <= 1
    assert (suggestion.score == 1) == (clockify_name == quickbooks_name)


@pytest.mark.parametrize(
    ("clockify_name", "quickbooks_name", "score"),
    [("Smith, John", "John Smith", 0.97), ("Bob Stone", "BobStone", 0.97), ("Bob Stone", "Rob Stone", 0.89)],
)
def test_the_same_words_are_likelier_than_other_letters(clockify_name: str, quickbooks_name: str, score: float) -> None:
    assert _likely(client("c1", clockify_name), [customer("1", quickbooks_name)])[0].score == score


UNLIKE = [
    ("Acme", "Zebra Works"),
    ("Phase 2", "Phase 3"),
    ("Phase 2", "Phase 0"),
    ("123 Main Street", "124 Main Street"),
    ("Limited", "GmbH"),
    ("...", "---"),
    ("", "Acme"),
    ("  ", ""),
]


@pytest.mark.parametrize(("clockify_name", "quickbooks_name"), UNLIKE)
def test_unlike_names_are_not_suggested(clockify_name: str, quickbooks_name: str) -> None:
    assert _likely(client("c1", clockify_name), [customer("1", quickbooks_name)]) == ()


def test_a_name_with_a_number_may_still_mean_the_one_without() -> None:
    quickbooks = [customer("1", "Website redesign"), customer("2", "Website redesign 2025")]

    assert [suggestion.id for suggestion in _likely(project("p1", "Website redesign 2026"), quickbooks)] == ["1"]


def test_people_are_known_by_their_address_whatever_their_name() -> None:
    bob = user("u1", "Bob", email="R.Stone@example.com")
    quickbooks = [employee("1", "Robert Stone", email="r.stone@EXAMPLE.com"), employee("2", "Rob", email="")]

    (suggestion,) = _likely(bob, quickbooks)

    assert (suggestion.id, suggestion.why, suggestion.score) == ("1", "same e-mail address", 0.95)


def test_the_same_address_comes_before_the_same_name() -> None:
    robert = user("u1", "Robert Stone", email="r.stone@example.com")
    quickbooks = [employee("1", "ROBERT STONE", email="r.s@example.com"), employee("2", "Bob", email=robert.email)]

    likely = _likely(robert, quickbooks)

    assert [(suggestion.id, suggestion.score) for suggestion in likely] == [("2", 0.95), ("1", 0.9)]
    assert is_clear(likely)


def test_who_has_the_users_address_is_offered_beside_a_namesake() -> None:
    users = [user("u1", "Chris Taylor", email="chris@x.test"), user("u2", "Chris Taylor", email="c.taylor@x.test")]
    quickbooks = [
        employee("1", "Chris Taylor", email="chris@x.test"),
        employee("2", "Christine Taylor", email="C.Taylor@x.test"),
    ]

    outcome = match(users, quickbooks, [], [])

    assert reasons(outcome) == {"u1": "AMBIGUOUS_NAME", "u2": "AMBIGUOUS_NAME"} and not outcome.links
    first = {key: (row(outcome, key).suggestions[0].id, row(outcome, key).suggestions[0].why) for key in ("u1", "u2")}
    assert first == {"u1": ("1", "same e-mail address, same name"), "u2": ("2", "same e-mail address")}


def test_a_missing_address_is_nobodys_address() -> None:
    assert _likely(user("u1", "Ada"), [employee("1", "Zoltan")]) == ()


def test_people_may_be_vendors_and_are_never_customers() -> None:
    quickbooks = [vendor("1", "Ada"), customer("2", "Ada")]

    (suggestion,) = _likely(user("u1", "ADA"), quickbooks)

    assert (suggestion.kind, suggestion.why) == ("vendor", "same name apart from case, a vendor")


@pytest.mark.parametrize("clockify", [client("x", "Acme"), project("x", "Acme")], ids=["client", "project"])
def test_where_a_top_level_customer_is_needed_sub_customers_are_not_likely(clockify: ClockifyRecord) -> None:
    quickbooks = [customer("1", "Acme Inc"), customer("2", "ACME", under="9"), employee("3", "ACME")]

    assert [suggestion.id for suggestion in _likely(clockify, quickbooks)] == ["1"]


def test_children_of_the_right_parent_come_before_namesakes_elsewhere() -> None:
    web = project("p1", "Website", of=client("c1", "Acme"))
    quickbooks = [
        customer("1", "website", under="20"),
        customer("2", "Web Site", under="10"),
        customer("3", "Websites", under="20"),
        customer("4", "Website"),
    ]

    likely = _likely(web, quickbooks, parent_id="10")

    assert [suggestion.id for suggestion in likely] == ["2", "1"]
    assert likely[1].why == "same name apart from case, under another parent"
    assert likely[0].score > likely[1].score


def test_what_is_taken_is_not_suggested() -> None:
    quickbooks = [employee("1", "Ada B"), vendor("1", "Ada B")]

    likely = _likely(user("u1", "Ada"), quickbooks, taken=frozenset({("employee", "1")}))

    assert [suggestion.kind for suggestion in likely] == ["vendor"]


def test_at_most_five_are_suggested_the_likeliest_first() -> None:
    quickbooks = [customer(str(number), f"Acme Trading{'x' * number}") for number in range(8)]

    likely = _likely(client("c1", "Acme Trading"), quickbooks)

    assert [suggestion.id for suggestion in likely] == ["0", "1", "2", "3", "4"]
    assert [suggestion.score for suggestion in likely] == sorted((each.score for each in likely), reverse=True)


@pytest.mark.parametrize("short", ["Al", "A"])
def test_short_names_find_themselves_and_not_everybody(short: str) -> None:
    quickbooks = [customer("1", short.lower()), customer("2", "Bo"), customer("3", "Cleo Nord")]

    assert [suggestion.id for suggestion in _likely(client("c1", short), quickbooks)] == ["1"]


def test_one_record_is_suggested_once_with_its_best_reason() -> None:
    good = Suggestion("1", "Acme", 0.9, "good", "customer")
    better = Suggestion("1", "Acme", 0.95, "better", "customer")
    vendor_of_that_id = Suggestion("1", "Acme", 0.8, "a vendor", "vendor")

    assert ranked([good, better, vendor_of_that_id]) == (better, vendor_of_that_id)


def test_long_names_with_another_letter_stay_behind_the_same_name_and_the_same_address() -> None:
    long = "The Honourable Society of Northern Lighthouse Keepers and Their Widows"

    (suggestion,) = _likely(client("c1", long), [customer("1", long.replace("K", "P"))])

    assert suggestion.why == "one letter differs"
    assert suggestion.score == 0.94


def test_naming_who_will_be_asked_about_changes_no_answer() -> None:
    names = name_pairs.make(60, 240, seed=7)
    # Names of signs alone have no words: none is like another.
    records = [customer(key, name) for key, name in [*names.right.items(), ("signs", "---")]]
    clients = [client(key, name) for key, name in [*names.left.items(), ("signs", "...")]]

    one_by_one = LikelyPartners(records, kind="client", taken=frozenset())
    at_once = LikelyPartners(records, kind="client", taken=frozenset(), asked=[(record, "") for record in clients])

    likely = {record.id: at_once.of(record, parent_id="") for record in clients}
    assert likely == {record.id: one_by_one.of(record, parent_id="") for record in clients}
    right = sum(names.pairs[key] in {suggestion.id for suggestion in likely[key]} for key in names.pairs)
    assert right >= 0.95 * len(names.pairs)


def test_what_was_found_before_is_taken_over_less_who_is_taken_now() -> None:
    records = [customer("1", "Acme Tradings"), customer("2", "Acme Trade"), customer("3", "Acme Trading Ltd")]
    acme = client("c1", "Acme Trading")
    first = LikelyPartners(records, kind="client", taken=frozenset())
    likely = first.of(acme, parent_id="")

    later = LikelyPartners(records, kind="client", taken={("customer", "1")}, earlier=first.found)
    moved = LikelyPartners(records, kind="client", taken={("customer", "1")}, earlier=first.found)

    assert likely and later.of(acme, parent_id="") == tuple(each for each in likely if each.id != "1")
    # Under another name it is compared again.
    assert moved.of(client("c1", "Acme Trade"), parent_id="")[0].id == "2"

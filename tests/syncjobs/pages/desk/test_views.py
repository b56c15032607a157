"""People and customers side by side, and the decisions taken there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from integrations.models import Workspace
from mapping.models import Decision, Link, MappingOverride, Mismatch
from syncjobs.models import EntryStatus
from tests.support.desk_forms import shown_now
from tests.support.factories import (
    ClientFactory,
    ClockifyUserFactory,
    CustomerFactory,
    EmployeeFactory,
    EntryStatusFactory,
    LinkFactory,
    MappingOverrideFactory,
    MismatchFactory,
    ProjectFactory,
    ReceiptFactory,
    TimeEntryFactory,
    VendorFactory,
    WorkspaceFactory,
    arrange,
)
from tests.support.page_text import main_text, text


def people(workspace: Workspace) -> str:
    return f"/admin/workspaces/{workspace.pk}/people/"


def clients(workspace: Workspace) -> str:
    return f"/admin/workspaces/{workspace.pk}/clients/"


def projects(workspace: Workspace) -> str:
    return f"/admin/workspaces/{workspace.pk}/projects/"


@pytest.fixture
def ben(workspace: Workspace) -> Mismatch:
    """Create a user without an employee, listed because two hours wait for him."""
    ClockifyUserFactory(workspace=workspace, clockify_id="ben", name="Ben Okafor")
    return MismatchFactory(workspace=workspace, clockify_id="ben", blocked_minutes=120, blocked_entries=2)


@pytest.fixture
def benjamin(workspace: Workspace) -> str:
    """Create the employee that is probably meant."""
    return EmployeeFactory(company=workspace.company, quickbooks_id="59", name="Benjamin Okafor").quickbooks_id


def suggest(mismatch: Mismatch, **values: Any) -> None:
    first = {"id": "59", "name": "Benjamin Okafor", "score": 0.9, "why": "similar name", "kind": "employee"}
    mismatch.suggestions = [first | values]
    mismatch.save()
    arrange(mismatch.workspace)


def decide(client: Client, address: str, verb: str, record: str, **values: Any) -> Any:
    kind = "user" if address.partition("?")[0].endswith("/people/") else "project"
    form = shown_now(Workspace.objects.get(), {"verb": verb, "kind": kind, "id": record, **values})
    return client.post(address, form)


@pytest.mark.parametrize(("browser", "rows"), [("Mozilla/5.0 (iPhone) Mobile/15E148", 20), ("Mozilla/5.0 (X11)", 23)])
def test_a_phone_gets_a_shorter_list_that_still_opens_every_row(
    dana: Client, workspace: Workspace, browser: str, rows: int
) -> None:
    for n in range(23):
        ClockifyUserFactory(workspace=workspace, clockify_id=f"u{n}", name=f"User {n}")
        MismatchFactory(workspace=workspace, clockify_id=f"u{n}", clockify_name=f"User {n}", blocked_minutes=100 - n)
    arrange(workspace)
    phone = {"User-Agent": browser}

    page = dana.get(people(workspace), headers=phone).content.decode()
    opened = dana.get(people(workspace), {"open": "user-u22"}, headers=phone).content.decode()

    assert page.count(" data-row ") == rows
    assert 'id="user-u22"' in opened


# --- looking -------------------------------------------------------------------------------------------------
def test_each_section_has_its_rows_the_most_held_hours_first(dana: Client, workspace: Workspace) -> None:
    for name, minutes in (("Little", 10), ("Much", 500)):
        ClockifyUserFactory(workspace=workspace, clockify_id=name, name=name)
        MismatchFactory(workspace=workspace, clockify_id=name, clockify_name=name, blocked_minutes=minutes)
    for name, suspended in (("Works", ""), ("Rests", "EMPLOYEE_INACTIVE")):
        ClockifyUserFactory(workspace=workspace, clockify_id=name, name=name)
        LinkFactory(workspace=workspace, clockify_id=name, clockify_name=name, suspended=suspended)
    ClockifyUserFactory(workspace=workspace, clockify_id="Robot", name="Robot")
    MappingOverrideFactory(workspace=workspace, clockify_id="Robot", note="no person")
    gordon = EmployeeFactory(company=workspace.company, name="Gordon Pike")
    MismatchFactory(
        workspace=workspace,
        kind="employee",
        reason="NO_CLOCKIFY_USER",
        clockify_id="",
        clockify_name="",
        quickbooks_id=gordon.quickbooks_id,
        quickbooks_name="Gordon Pike",
    )

    shown = {
        section: main_text(dana.get(f"{people(workspace)}?show={section}"))
        for section in ("todo", "linked", "ignored", "quickbooks")
    }

    assert shown["todo"].index("Much") < shown["todo"].index("Little")
    assert shown["linked"].index("Rests") < shown["linked"].index("Works")
    assert "Robot" in shown["ignored"] and "“no person”" in shown["ignored"]
    assert "Gordon Pike" in shown["quickbooks"] and "Much" not in shown["quickbooks"]


def test_a_row_says_who_made_its_link_and_since_when(dana: Client, workspace: Workspace) -> None:
    ClockifyUserFactory(workspace=workspace, clockify_id="ada", name="Ada Lindqvist")
    LinkFactory(workspace=workspace, clockify_id="ada")

    page_text = main_text(dana.get(f"{people(workspace)}?show=linked"))

    assert "Linked by rule since Fri Mar 27, 10:40: same name" in page_text


def test_the_reason_stands_between_both_sides(dana: Client, ben: Mismatch, benjamin: str, workspace: Workspace) -> None:
    suggest(ben)

    page_text = main_text(dana.get(people(workspace)))

    assert "No employee of this name no exact match" in page_text
    assert "90% similar name" in page_text
    assert "2.00 h" in page_text


def test_letters_that_differ_are_marked(dana: Client, ben: Mismatch, workspace: Workspace) -> None:
    EmployeeFactory(company=workspace.company, quickbooks_id="59", name="Ben Okafór")
    suggest(ben, name="Ben Okafór")

    page = dana.get(people(workspace)).content.decode()

    assert "Ben Okaf<mark>ó<span" in page


def test_names_are_shown_as_text_never_as_markup(dana: Client, workspace: Workspace) -> None:
    name = '<script>alert("x")</script>'
    ClockifyUserFactory(workspace=workspace, clockify_id="ben", name=name)
    MismatchFactory(workspace=workspace, clockify_id="ben", clockify_name=name)

    page = dana.get(f"{people(workspace)}?open=user-ben&left=<script>").content.decode()

    assert "<script>alert" not in page


def test_projects_stand_under_their_client(dana: Client, workspace: Workspace) -> None:
    ClientFactory(workspace=workspace, clockify_id="acme", name="Acme")
    for number in range(2):
        ProjectFactory(
            workspace=workspace,
            clockify_id=f"p{number}",
            name=f"Site {number}",
            client_id="acme",
            client_name="Acme",
        )
        MismatchFactory(
            workspace=workspace,
            kind="project",
            reason="NO_CUSTOMER",
            clockify_id=f"p{number}",
            clockify_name=f"Site {number}",
            clockify_client="Acme",
            blocked_minutes=60,
        )
    CustomerFactory(company=workspace.company, quickbooks_id="61", name="Acme Corporation")
    LinkFactory(workspace=workspace, kind="client", clockify_id="acme", clockify_name="Acme", quickbooks_id="61")

    page_text = main_text(dana.get(f"{projects(workspace)}?show=todo"))

    assert page_text.count("Client linked") == 1
    assert page_text.index("Acme Corporation") < page_text.index("Site 0") < page_text.index("Site 1")


def test_a_project_that_waits_for_its_client_names_what_stands_ready(dana: Client, workspace: Workspace) -> None:
    ClientFactory(workspace=workspace, clockify_id="acme", name="Acme")
    ProjectFactory(workspace=workspace, clockify_id="site", name="Site", client_id="acme", client_name="Acme")
    customer = CustomerFactory(company=workspace.company, quickbooks_id="61", name="ACME")
    CustomerFactory(company=workspace.company, name="Site", parent_id=customer.quickbooks_id, full_name="ACME:Site")
    MismatchFactory(
        workspace=workspace,
        kind="client",
        reason="NAME_DIFFERS",
        clockify_id="acme",
        clockify_name="Acme",
        suggestions=[
            {"id": "61", "name": "ACME", "score": 0.97, "why": "same name apart from case", "kind": "customer"}
        ],
    )
    MismatchFactory(
        workspace=workspace, kind="project", reason="PARENT_NOT_MAPPED", clockify_id="site", clockify_name="Site"
    )

    assert "Site ready, links automatically" in main_text(dana.get(projects(workspace)))


def test_users_of_one_name_stand_together(dana: Client, workspace: Workspace) -> None:
    for record, name, minutes in (("c1", "Chris", 100), ("ben", "Ben", 90), ("c2", "Chris", 10)):
        ClockifyUserFactory(workspace=workspace, clockify_id=record, name=name)
        reason = "AMBIGUOUS_NAME" if name == "Chris" else "NO_EMPLOYEE"
        MismatchFactory(
            workspace=workspace, clockify_id=record, clockify_name=name, reason=reason, blocked_minutes=minutes
        )

    page = dana.get(people(workspace)).content.decode()

    assert page.index('id="user-c1"') < page.index('id="user-c2"') < page.index('id="user-ben"')


@pytest.mark.parametrize(("section", "shown"), [("todo", "Ben"), ("linked", "Ada"), ("ignored", "Robot")])
def test_a_tab_shows_its_state_alone(
    dana: Client, ben: Mismatch, workspace: Workspace, section: str, shown: str
) -> None:
    ClockifyUserFactory(workspace=workspace, clockify_id="ada", name="Ada Lindqvist")
    LinkFactory(workspace=workspace, clockify_id="ada")
    ClockifyUserFactory(workspace=workspace, clockify_id="robot", name="Robot")
    MappingOverrideFactory(workspace=workspace, clockify_id="robot")

    page_text = main_text(dana.get(f"{people(workspace)}?show={section}"))

    assert [name for name in ("Ben", "Ada", "Robot") if name in page_text] == [shown]


def test_each_side_is_narrowed_by_its_own_filter(dana: Client, ben: Mismatch, workspace: Workspace) -> None:
    ClockifyUserFactory(workspace=workspace, clockify_id="ada", name="Ada Lindqvist")
    LinkFactory(workspace=workspace, clockify_id="ada", quickbooks_name="Augusta King")

    linked = f"{people(workspace)}?show=linked"

    assert "Ada Lindqvist" in main_text(dana.get(f"{linked}&right=augusta"))
    assert "Ada Lindqvist" not in main_text(dana.get(f"{linked}&left=augusta"))
    assert "Ben Okafor" in main_text(dana.get(f"{people(workspace)}?left=okaf"))
    assert "Nothing like “pine” on the left" in main_text(dana.get(f"{people(workspace)}?left=pine"))


def test_a_reason_is_counted_and_lists_its_rows_alone_under_their_client(dana: Client, workspace: Workspace) -> None:
    ClientFactory(workspace=workspace, clockify_id="acme", name="Acme")
    customer = CustomerFactory(company=workspace.company, name="Acme", full_name="Acme")
    LinkFactory(workspace=workspace, kind="client", clockify_id="acme", quickbooks_id=customer.quickbooks_id)
    for name, reason in (("Site", "NO_CUSTOMER"), ("Shop", "NO_CUSTOMER"), ("App", "NAME_DIFFERS")):
        ProjectFactory(workspace=workspace, clockify_id=name, name=name, client_id="acme", client_name="Acme")
        facts = {"kind": "project", "clockify_id": name, "clockify_name": name, "clockify_client": "Acme"}
        MismatchFactory(workspace=workspace, reason=reason, **facts)
    arrange(workspace)

    def listed(query: str) -> tuple[list[str], list[tuple[str, str]]]:
        page = dana.get(projects(workspace) + query)
        assert "Acme client" in main_text(page)
        names = [row.name for group in page.context["groups"] for row in group.rows]
        return sorted(names), [(title, rows) for _, title, rows, _ in page.context["reasons"]]

    counts = [("No customer of this name", "2"), ("Name differs", "1")]
    assert listed("") == (["App", "Shop", "Site"], counts)
    assert listed("?reason=NO_CUSTOMER") == (["Shop", "Site"], counts)
    assert listed("?reason=NO_CUSTOMER&left=shop") == (["Shop"], [("No customer of this name", "1")])
    assert listed("?reason=nonsense") == (["App", "Shop", "Site"], counts)
    page = main_text(dana.get(f"{projects(workspace)}?reason=NO_CUSTOMER"))
    assert "No customer of this name 2 close show all reasons" in page and "2 of 3 Clear" in page
    # A decision goes on within the reason.
    answer = decide(dana, f"{projects(workspace)}?reason=NO_CUSTOMER", "ignore", "Shop")
    assert answer["Location"] == f"{projects(workspace)}?reason=NO_CUSTOMER#project-Site"
    emptied = dana.get(f"{projects(workspace)}?reason=WRONG_LEVEL")
    assert "Top-level or sub-customer 0 close" in main_text(emptied)
    assert "Nothing is left here for this reason." in main_text(emptied)


def test_a_linked_row_names_the_parent_where_it_is_another_than_its_client_s(
    dana: Client, workspace: Workspace
) -> None:
    ClientFactory(workspace=workspace, clockify_id="acme", name="Acme")
    for name, parent in (("Same", "Acme"), ("Elsewhere", "Harbor")):
        ProjectFactory(workspace=workspace, clockify_id=name, name=name, client_id="acme", client_name="Acme")
        sub_customer = CustomerFactory(
            company=workspace.company, name=name, full_name=f"{parent}:{name}", parent_id="9"
        )
        LinkFactory(
            workspace=workspace,
            kind="project",
            clockify_id=name,
            quickbooks_kind="customer",
            quickbooks_id=sub_customer.quickbooks_id,
        )
    acme = CustomerFactory(company=workspace.company, name="Acme")
    LinkFactory(
        workspace=workspace,
        kind="client",
        clockify_id="acme",
        quickbooks_kind="customer",
        quickbooks_id=acme.quickbooks_id,
    )

    page_text = main_text(dana.get(f"{projects(workspace)}?show=linked"))

    assert "Harbor:Elsewhere" in page_text and "Acme:Same" not in page_text


def test_linked_rows_offer_to_sync_that_person_alone_to_those_who_may(
    dana: Client, visitor: Client, workspace: Workspace
) -> None:
    for name, suspended in (("Works", ""), ("Rests", "EMPLOYEE_INACTIVE")):
        ClockifyUserFactory(workspace=workspace, clockify_id=name, name=name)
        LinkFactory(workspace=workspace, clockify_id=name, clockify_name=name, suspended=suspended)

    page_text = main_text(dana.get(f"{people(workspace)}?show=linked"))

    assert page_text.count("Sync this person") == 1 and "Sync this person , Works" in page_text
    assert "Sync this" not in main_text(visitor.get(f"{people(workspace)}?show=linked"))


def test_fifty_rows_make_a_page_and_a_link_finds_its_own(dana: Client, workspace: Workspace) -> None:
    rows = ({"clockify_id": f"u{number:02}", "blocked_minutes": 60 - number} for number in range(60))
    MismatchFactory.many(workspace, rows)

    first = dana.get(people(workspace)).content.decode()
    opened = dana.get(f"{people(workspace)}?open=user-u55").content.decode()

    assert first.count(" data-row ") == 50
    assert 'id="user-u55"' not in first and "Page 1 of 2" in first
    assert 'id="user-u55"' in opened


def test_what_linking_would_unblock_is_counted_before(
    dana: Client, ben: Mismatch, benjamin: str, workspace: Workspace
) -> None:
    ProjectFactory(workspace=workspace, clockify_id="site")
    LinkFactory(
        workspace=workspace,
        kind="project",
        clockify_id="site",
        quickbooks_id=CustomerFactory(company=workspace.company).quickbooks_id,
    )
    for project in ("site", "unlinked"):
        entry = TimeEntryFactory(workspace=workspace, user_id="ben", project_id=project)
        EntryStatusFactory(entry=entry, state="blocked", held=True, reasons=[{"code": "USER_NOT_MAPPED"}])

    page_text = main_text(decide(dana, people(workspace), "link", "ben", partner="employee:59", preview="1"))

    assert "Links 1 person ; then 1 entry , 1.5 h can be sent" in page_text
    assert "1 more entry, 1.5 h, also waits" in page_text
    assert not Link.objects.filter(kind="user").exists()


def test_without_a_company_the_page_says_what_is_missing(dana: Client) -> None:
    workspace = WorkspaceFactory(company=None)

    assert "No QuickBooks company is connected" in main_text(dana.get(people(workspace)))


def test_the_menu_leads_to_the_workspace_last_looked_at(dana: Client, workspace: Workspace) -> None:
    zulu = WorkspaceFactory(name="Zulu")
    assert dana.get("/admin/people/")["Location"] == people(workspace)

    dana.get(projects(zulu))

    assert dana.get("/admin/people/")["Location"] == people(zulu)
    assert dana.get("/admin/customers/")["Location"] == projects(zulu)


def test_links_to_the_page_of_customers_go_on_working(dana: Client, workspace: Workspace) -> None:
    old = f"/admin/workspaces/{workspace.pk}/customers/"

    assert dana.get(f"{old}?open=client-acme")["Location"] == f"{clients(workspace)}?open=client-acme"
    assert dana.get(f"{old}?open=project-site")["Location"] == f"{projects(workspace)}?open=project-site"


@pytest.mark.parametrize("page", [people, clients, projects])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    dana: Client, workspace: Workspace, page: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(40):
        ClockifyUserFactory(workspace=workspace, clockify_id=f"u{number}")
        ClientFactory(workspace=workspace, clockify_id=f"c{number}")
        ProjectFactory(workspace=workspace, clockify_id=f"p{number}", client_id=f"c{number}")
        LinkFactory(workspace=workspace, kind="client", clockify_id=f"c{number}")
    MismatchFactory.many(workspace, ({"clockify_id": f"u{number}"} for number in range(40)))
    undecided = {"kind": "project", "reason": "NO_CUSTOMER"}
    MismatchFactory.many(workspace, ({**undecided, "clockify_id": f"p{number}"} for number in range(40)))
    opened = {people: "user-u7", clients: "client-c7", projects: "project-p7"}[page]

    with django_assert_max_num_queries(35):
        assert dana.get(f"{page(workspace)}?open={opened}").status_code == 200


# --- deciding ------------------------------------------------------------------------------------------------
def test_accepting_links_what_was_suggested_and_goes_on_to_the_next_row(
    dana: Client, ben: Mismatch, benjamin: str, workspace: Workspace
) -> None:
    suggest(ben)
    ClockifyUserFactory(workspace=workspace, clockify_id="cleo", name="Cleo")
    MismatchFactory(workspace=workspace, clockify_id="cleo", clockify_name="Cleo")
    assert "Accept" in main_text(dana.get(people(workspace)))

    answer = decide(dana, f"{people(workspace)}?show=todo", "link", "ben", partner="employee:59")

    assert answer["Location"] == f"{people(workspace)}?show=todo#user-cleo"
    link = Link.objects.get()
    assert (link.quickbooks_kind, link.quickbooks_id, link.by) == ("employee", "59", "person")
    assert link.person is not None and link.person.username == "dana"
    assert not Mismatch.objects.filter(clockify_id="ben").exists()
    assert "You linked Ben Okafor ," in main_text(dana.get(people(workspace)))


def test_a_row_that_follows_by_itself_is_passed_over(dana: Client, workspace: Workspace) -> None:
    ClientFactory(workspace=workspace, clockify_id="acme", name="Acme")
    ProjectFactory(workspace=workspace, clockify_id="site", name="Site", client_id="acme", client_name="Acme")
    ProjectFactory(workspace=workspace, clockify_id="other", name="Other")
    CustomerFactory(company=workspace.company, quickbooks_id="61", name="ACME")
    CustomerFactory(company=workspace.company, name="Site", parent_id="61", full_name="ACME:Site")
    for kind, record, minutes in (("client", "acme", 90), ("project", "site", 60), ("project", "other", 5)):
        reason = "PARENT_NOT_MAPPED" if record == "site" else "NO_CUSTOMER"
        MismatchFactory(workspace=workspace, kind=kind, reason=reason, clockify_id=record, blocked_minutes=minutes)

    answer = decide(dana, projects(workspace), "link", "x", partner="customer:61")
    assert answer.status_code == 422
    form = {"verb": "link", "kind": "client", "id": "acme", "partner": "customer:61"}
    answer = dana.post(projects(workspace), shown_now(workspace, form))

    assert Link.objects.filter(kind="project", clockify_id="site", by="rule").exists()
    assert answer["Location"] == f"{projects(workspace)}#desk"


def test_an_unlike_address_among_users_of_one_name_is_not_accepted_in_one_click(
    dana: Client, workspace: Workspace
) -> None:
    EmployeeFactory(company=workspace.company, quickbooks_id="59", name="Chris", email="Chris@example.com")
    for record, email in (("c1", "chris@example.com"), ("c2", "other@example.com")):
        ClockifyUserFactory(workspace=workspace, clockify_id=record, name="Chris", email=email)
        mismatch = MismatchFactory(
            workspace=workspace, clockify_id=record, clockify_name="Chris", reason="AMBIGUOUS_NAME"
        )
        suggest(mismatch, name="Chris", score=1.0, why="same name")

    page = dana.get(people(workspace))
    clear = {row.ref.clockify_id: row.clear for group in page.context["groups"] for row in group.rows}

    assert clear["c1"] is not None
    assert clear["c2"] is None


def test_a_decision_unblocks_the_time_that_waited(
    dana: Client, ben: Mismatch, benjamin: str, workspace: Workspace
) -> None:
    entry = TimeEntryFactory(workspace=workspace, user_id="ben", project_id="site")
    EntryStatusFactory(entry=entry, state="blocked", held=True, reasons=[{"code": "USER_NOT_MAPPED"}])
    ProjectFactory(workspace=workspace, clockify_id="site")
    CustomerFactory(company=workspace.company, quickbooks_id="84", name="Website")
    LinkFactory(workspace=workspace, kind="project", clockify_id="site", quickbooks_id="84", quickbooks_name="Website")

    form = {"verb": "link", "kind": "user", "id": "ben", "partner": f"employee:{benjamin}"}
    page = dana.post(people(workspace), shown_now(workspace, form), follow=True)

    assert EntryStatus.objects.get().state == "ready"
    assert "Linked. 1 entry, 1.5 h, can now be sent. 0 to do." in text(page)


@pytest.mark.parametrize(
    "typed", ["77", "Ben Okafor", "ben okafor", "vendor 77", "Ben Okafor · vendor 77", " vendor:77 "]
)
def test_a_vendor_is_chosen_by_id_or_name(dana: Client, ben: Mismatch, workspace: Workspace, typed: str) -> None:
    VendorFactory(company=workspace.company, quickbooks_id="77", name="Ben Okafor")

    decide(dana, people(workspace), "link", "ben", partner="other", other=typed)

    assert Link.objects.values_list("quickbooks_kind", "quickbooks_id").get() == ("vendor", "77")


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"partner": "other", "other": ""}, "Choose a record first"),
        ({"partner": "other", "other": "Nobody"}, "has no active employee or vendor with the id or name “Nobody”"),
        ({"partner": "other", "other": "Twin"}, "“Twin” names 2 records"),
        ({"partner": "employee:66"}, "has no employee 66"),
        ({"partner": "employee:60"}, "inactive in QuickBooks"),
        ({"partner": "employee:59", "other": "Twin"}, "leave one of them out"),
        ({"partner": "customer:59"}, "has no active employee or vendor"),
    ],
)
def test_a_refused_choice_leaves_the_row_open_and_says_why(
    dana: Client, ben: Mismatch, benjamin: str, workspace: Workspace, choice: dict[str, str], message: str
) -> None:
    EmployeeFactory(company=workspace.company, quickbooks_id="60", name="Gone", active=False)
    EmployeeFactory(company=workspace.company, name="Twin")
    VendorFactory(company=workspace.company, name="Twin")

    answer = decide(dana, people(workspace), "link", "ben", **choice)

    assert answer.status_code == 422
    assert message in main_text(answer)
    assert "Who is this user?" in main_text(answer)
    assert not Link.objects.exists() and not Decision.objects.exists()


def test_sharing_a_partner_is_allowed_after_a_warning(
    dana: Client, ben: Mismatch, benjamin: str, workspace: Workspace
) -> None:
    ClockifyUserFactory(workspace=workspace, clockify_id="ada", name="Ada Lindqvist")
    LinkFactory(workspace=workspace, clockify_id="ada", quickbooks_id=benjamin)

    form = {"verb": "link", "kind": "user", "id": "ben", "partner": "employee:59"}
    page = dana.post(people(workspace), shown_now(workspace, form), follow=True)

    assert "Benjamin Okafor is linked to Ada Lindqvist as well." in text(page)
    assert Link.objects.count() == 2


def test_unlinking_is_remembered_so_that_the_rule_does_not_link_again(dana: Client, workspace: Workspace) -> None:
    ClockifyUserFactory(workspace=workspace, clockify_id="ada", name="Ada Lindqvist")
    EmployeeFactory(company=workspace.company, quickbooks_id="59")
    LinkFactory(workspace=workspace, clockify_id="ada", quickbooks_id="59")

    decide(dana, people(workspace), "unlink", "ada", note="left the studio")

    assert not Link.objects.exists()
    assert MappingOverride.objects.values_list("choice", "note").get() == ("unlinked", "left the studio")
    assert "Unlinked by hand" in main_text(dana.get(people(workspace)))


def test_ignoring_takes_a_note_and_can_be_taken_back(dana: Client, ben: Mismatch, workspace: Workspace) -> None:
    decide(dana, people(workspace), "ignore", "ben", note="our own time")
    assert "by dana" in main_text(dana.get(f"{people(workspace)}?show=ignored"))
    assert "“our own time”" in main_text(dana.get(f"{people(workspace)}?show=ignored"))

    decide(dana, people(workspace), "stop_ignoring", "ben")

    assert not MappingOverride.objects.filter(choice="ignored").exists()


def test_confirming_lets_a_suspended_link_work_again(dana: Client, workspace: Workspace) -> None:
    ClockifyUserFactory(workspace=workspace, clockify_id="ada", name="Ada Lindqvist")
    EmployeeFactory(company=workspace.company, quickbooks_id="59")
    LinkFactory(workspace=workspace, clockify_id="ada", quickbooks_id="59", suspended="EMPLOYEE_INACTIVE")

    decide(dana, people(workspace), "confirm", "ada")

    assert Link.objects.get().suspended == ""


@pytest.mark.parametrize("verb", ["link", "unlink", "ignore", "stop_ignoring", "confirm"])
def test_who_may_only_look_decides_nothing(
    visitor: Client, ben: Mismatch, benjamin: str, workspace: Workspace, verb: str
) -> None:
    page = visitor.get(f"{people(workspace)}?open=user-ben")
    assert "A mapping admin can decide this" in main_text(page)
    assert 'name="verb"' not in page.content.decode()

    assert decide(visitor, people(workspace), verb, "ben", partner="employee:59").status_code == 403
    assert not Decision.objects.exists()


def test_an_address_alone_decides_nothing(dana: Client, ben: Mismatch, benjamin: str, workspace: Workspace) -> None:
    dana.get(f"{people(workspace)}?verb=link&kind=user&id=ben&partner=employee:59")

    assert not Decision.objects.exists()


@pytest.mark.parametrize("form", [{"verb": "delete"}, {"verb": "link", "kind": "project"}, {}])
def test_a_form_that_makes_no_sense_is_refused(
    dana: Client, ben: Mismatch, workspace: Workspace, form: dict[str, str]
) -> None:
    answer = dana.post(people(workspace), shown_now(workspace, {"kind": "user", "id": "ben"} | form))

    assert answer.status_code == 422
    assert not Decision.objects.exists()


# --- without reloading ---------------------------------------------------------------------------------------
def test_a_script_gets_the_inner_part_with_what_happened_and_the_next_row(
    dana: Client, ben: Mismatch, benjamin: str, workspace: Workspace
) -> None:
    ClockifyUserFactory(workspace=workspace, clockify_id="cleo", name="Cleo")
    MismatchFactory(workspace=workspace, clockify_id="cleo", clockify_name="Cleo")
    form = shown_now(workspace, {"verb": "link", "kind": "user", "id": "ben", "partner": "employee:59"})

    part = dana.post(people(workspace), form, headers={"X-Desk": "1"}).content.decode()

    assert 'data-said="Linked. 1 to do."' in part and 'data-next="user-cleo"' in part
    assert "<html" not in part and 'id="user-cleo"' in part and 'id="user-ben"' not in part
    assert "Linked." not in main_text(dana.get(people(workspace))), "a message would be shown a second time"


def test_a_refused_decision_of_a_script_opens_its_row(dana: Client, ben: Mismatch, workspace: Workspace) -> None:
    form = shown_now(workspace, {"verb": "link", "kind": "user", "id": "ben", "partner": "other", "other": ""})

    answer = dana.post(people(workspace), form, headers={"X-Desk": "1"})

    assert answer.status_code == 422
    assert "Choose a record first" in answer.content.decode() and "data-refused" in answer.content.decode()


def test_the_forecast_of_one_choice_is_shown_while_it_is_considered(
    dana: Client, ben: Mismatch, benjamin: str, workspace: Workspace
) -> None:
    address = f"/admin/workspaces/{workspace.pk}/desk/what-if/"
    query = {"kind": "user", "id": "ben"}

    assert "Links <strong>1 person</strong>" in dana.get(address, query | {"partner": "employee:59"}).content.decode()
    assert "This alone makes no entry ready to send." in dana.get(address, query | {"verb": "ignore"}).content.decode()
    typed = dana.get(address, query | {"partner": "<b>"}).content.decode()
    assert "no active employee or vendor" in typed and "<b>" not in typed


def test_records_are_found_by_name_parent_mail_and_id_and_never_all_of_them(dana: Client, workspace: Workspace) -> None:
    for number in range(30):
        EmployeeFactory(company=workspace.company, quickbooks_id=f"7{number:02}", name=f"Chris {number}")
    EmployeeFactory(company=workspace.company, quickbooks_id="801", name="Núñez", email="beatriz@example.com")
    CustomerFactory(company=workspace.company, quickbooks_id="802", name="Site", full_name="Bluebird:Site")
    CustomerFactory(company=workspace.company, quickbooks_id="803", name="Old", full_name="Old", active=False)
    address = f"/admin/workspaces/{workspace.pk}/desk/options/"

    def found(kind: str, text: str) -> str:
        return dana.get(address, {"kind": kind, "q": text}).content.decode()

    many = found("user", "chris")
    assert many.count('role="option"') == 20 and "More than 20 fit" in many
    assert all("Núñez · employee 801" in found("user", text) for text in ("núñez", "beatriz@", "801"))
    assert 'data-value="Bluebird:Site · customer 802"' in found("project", "bluebird")
    assert "Nothing active like “old”" in found("client", "old")


def test_an_open_row_ticks_a_clear_suggestion_alone(
    dana: Client, ben: Mismatch, benjamin: str, workspace: Workspace
) -> None:
    def panel(content: str) -> tuple[bool, bool]:
        """Return whether a radio button is ticked, and whether Link is the filled button."""
        link = re.search(r'<button class="([^"]*)"[^>]*data-do="link"', content)
        assert link
        return bool(re.search(r'type="radio"[^>]* checked', content)), "hb-filled" in link[1]

    opened = f"{people(workspace)}?open=user-ben"
    suggest(ben, score=0.9)
    assert panel(dana.get(opened).content.decode()) == (True, True)
    suggest(ben, score=0.7)
    assert panel(dana.get(opened).content.decode()) == (False, False)

    # What was refused stays as it was typed, and nothing else is ticked.
    suggest(ben, score=0.9)
    content = decide(dana, people(workspace), "link", "ben", partner="", other="Nobody").content.decode()
    assert re.findall(r'type="radio" name="partner" value="([^"]*)"[^>]* checked', content) == ["other"]
    assert 'value="Nobody"' in content


def test_candidates_of_one_name_say_what_tells_them_apart(dana: Client, ben: Mismatch, workspace: Workspace) -> None:
    raw = {"MetaData": {"CreateTime": "2024-05-06T09:00:00-07:00", "LastUpdatedTime": "2025-03-04T10:00:00-07:00"}}
    owed = {"MetaData": raw["MetaData"], "Balance": 1250.5, "CurrencyRef": {"value": "USD"}}
    company = workspace.company
    EmployeeFactory(company=company, quickbooks_id="59", name="Ben Okafor", raw=raw)
    VendorFactory(company=company, quickbooks_id="61", name="ben okafor", raw=owed)
    EmployeeFactory(company=company, quickbooks_id="62", name="Ben Okaforson", raw=raw)
    ReceiptFactory(workspace=workspace)
    ReceiptFactory(workspace=workspace, draft={"person_kind": "vendor", "person_id": "59", "customer_id": "59"})

    found = dana.get(f"/admin/workspaces/{workspace.pk}/desk/options/", {"kind": "user", "q": "ben ok"})

    employee, other, vendor = re.findall(r"<li.*?</li>", found.content.decode(), re.DOTALL)
    dates = "created Mon May 6, 2024 · changed Tue Mar 4, 2025"
    assert f"{dates} · 1.5 h sent, last Mon Mar 2" in employee
    assert f"{dates} · balance $1,250.50 · no time sent yet" in vendor
    assert "created" not in other
    ben.suggestions = [{"id": "59", "kind": "employee", "name": "Ben"}, {"id": "61", "kind": "vendor", "name": "Ben"}]
    ben.save()
    assert f"{dates} · 1.5 h sent" in main_text(dana.get(f"{people(workspace)}?open=user-ben"))


def test_a_workspace_without_a_company_has_nothing_to_choose_from(dana: Client) -> None:
    workspace = WorkspaceFactory(company=None)

    response = dana.get(f"/admin/workspaces/{workspace.pk}/desk/options/", {"kind": "user", "q": "chris"})

    assert response.status_code == 200
    assert "QuickBooks has not been read yet." in response.content.decode()


def test_suggested_is_what_one_click_accepts(dana: Client, workspace: Workspace) -> None:
    """One rule says in which list a row stands and whether it offers Accept."""
    cases: dict[str, tuple[str, list[tuple[float, str]]]] = {
        "none": ("NO_EMPLOYEE", []),
        "weak": ("NO_EMPLOYEE", [(0.79, "similar name")]),
        "clear": ("NO_EMPLOYEE", [(0.8, "similar name")]),
        "close": ("NO_EMPLOYEE", [(0.9, "similar name"), (0.89, "similar name")]),
        "ahead": ("NO_EMPLOYEE", [(0.97, "same name"), (0.9, "similar name")]),
        "taken": ("NO_EMPLOYEE", [(1.0, "same name, but already linked to Ada")]),
        "chris@example.com": ("AMBIGUOUS_NAME", [(1.0, "same name")]),
        "other@example.com": ("AMBIGUOUS_NAME", [(1.0, "same name")]),
        "linked": ("EMPLOYEE_INACTIVE", [(1.0, "same name")]),
    }
    LinkFactory(workspace=workspace, clockify_id="linked", suspended="EMPLOYEE_INACTIVE")
    for number, (name, (reason, likely)) in enumerate(cases.items()):
        # One employee each: what two rows are suggested, neither accepts.
        key = f"6{number}"
        EmployeeFactory(company=workspace.company, quickbooks_id=key, name="Chris", email="Chris@example.com")
        suggestions = [
            {"id": key, "name": "Chris", "kind": "employee", "score": score, "why": why} for score, why in likely
        ]
        ClockifyUserFactory(workspace=workspace, clockify_id=name, name="Chris", email=name if "@" in name else "")
        MismatchFactory(
            workspace=workspace, clockify_id=name, clockify_name="Chris", reason=reason, suggestions=suggestions
        )

    def rows(section: str) -> dict[str, bool]:
        page = dana.get(f"{people(workspace)}?show={section}")
        return {row.ref.clockify_id: row.clear is not None for group in page.context["groups"] for row in group.rows}

    assert rows("suggested") == dict.fromkeys(("clear", "ahead", "chris@example.com"), True)
    assert set(rows("decide").values()) == {False} and len(rows("decide")) == 6


def test_undo_of_the_last_decision_stands_at_the_bottom(dana: Client, ben: Mismatch, workspace: Workspace) -> None:
    decide(dana, people(workspace), "ignore", "ben", note="our own time")
    decision = Decision.objects.get()
    assert f'name="decision" value="{decision.pk}"' in dana.get(people(workspace)).content.decode()

    dana.post(people(workspace), {"verb": "undo", "decision": str(decision.pk)})

    assert not MappingOverride.objects.exists()


def test_pressing_undo_twice_takes_the_decision_again(dana: Client, ben: Mismatch, workspace: Workspace) -> None:
    decide(dana, people(workspace), "ignore", "ben", note="our own time")
    for verb, button, ignored in (("undo", "Redo", False), ("redo", "Undo", True), ("undo", "Redo", False)):
        dana.post(people(workspace), {"verb": "undo", "decision": str(Decision.objects.latest("pk").pk)})

        assert Decision.objects.latest("pk").verb == verb
        assert MappingOverride.objects.exists() == ignored
        assert f" {button} History" in main_text(dana.get(people(workspace)))

    undone = Decision.objects.latest("pk")
    decide(dana, people(workspace), "ignore", "ben", note="somebody else's")
    refused = dana.post(people(workspace), {"verb": "undo", "decision": str(undone.pk)})

    assert refused.status_code == 422 and "You ignored Ben Okafor at" in main_text(refused)
    assert MappingOverride.objects.get().note == "somebody else's"

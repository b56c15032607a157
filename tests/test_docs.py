"""The documents name every setting, command and package of the code, and nothing that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from config import environment
from syncjobs import policy

HOME = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(f"docs/{page.name}" for page in (HOME / "docs").glob("*.md")),
]
OUR_APPS = {"integrations", "mapping", "syncjobs"}
READS = re.compile(
    r"(?:environment|env)\.\w+\(\s*\"([A-Z][A-Z_]+)\""  # environment.text("NAME", …)
    r"|os\.environ\.get\(\"([A-Z][A-Z_]+)\""
    r"|\b(?:text|number|address|yes_or_no)\(\"([A-Z][A-Z_]+)\""
)


def settings_read() -> set[str]:
    sources = [HOME / "config" / "settings.py", HOME / "config" / "environment.py"]
    return {name for path in sources for match in READS.findall(path.read_text()) for name in match if name}


def documented(names: str) -> set[str]:
    """Return the names in the first column of docs/settings.md that consist of the given letters."""
    return set(re.findall(rf"^\| `([{names}_]+)` \|", (HOME / "docs" / "settings.md").read_text(), re.MULTILINE))


def example() -> list[tuple[str, str]]:
    """Return the settings of .env.example with their values, commented ones included."""
    return re.findall(r"^#?([A-Z][A-Z_]+)=(.*)$", (HOME / ".env.example").read_text(), re.MULTILINE)


def our_commands() -> set[str]:
    return {name for name, app in get_commands().items() if app in OUR_APPS}


def test_the_settings_are_found_in_the_code() -> None:
    assert {"SECRET_KEY", "ENV_FILE", "DATABASE_URL", "QUICKBOOKS_TOKEN_URL", "LEASE_SECONDS"} <= settings_read()


def test_every_setting_is_documented_and_none_that_does_not_exist() -> None:
    assert documented("A-Z") == settings_read()


def test_the_list_of_settings_has_each_once() -> None:
    assert sorted(environment.SETTINGS) == sorted(settings_read())


def test_the_example_has_every_setting_once_and_none_that_does_not_exist() -> None:
    # A file can't name itself.
    assert sorted(name for name, _ in example()) == sorted(settings_read() - {"ENV_FILE"})


def test_the_example_holds_no_secret_and_shows_the_documented_defaults() -> None:
    for name, value in example():
        if re.search("KEY|SECRET|TOKEN$|DSN|CLIENT", name):
            assert value == "", name
        elif value and name not in {"DATABASE_URL", "PUBLIC_URL"}:
            assert f"| `{name}` | `{value}` |" in (HOME / "docs" / "settings.md").read_text(), name


def test_every_rule_of_a_workspace_is_documented_and_none_that_does_not_exist() -> None:
    assert documented("a-z") == set(policy.SETTINGS)


def test_every_command_is_in_the_readme_and_none_that_does_not_exist() -> None:
    readme = (HOME / "README.md").read_text()
    table = readme.partition("| Command |")[2].partition("\n\n")[0]

    assert set(re.findall(r"^\| `(\w+)", table, re.MULTILINE)) == our_commands()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_line_in_the_documents_names_a_command_that_exists(document: str) -> None:
    text = (HOME / document).read_text()
    named = set(re.findall(r"manage\.py (\w+)", text))

    assert named - {"COMMAND"} <= set(get_commands())
    assert document == "CHANGELOG.md" or not re.search(r"(?<!\.venv/bin/)\bpython manage\.py", text)


def sections(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_between_the_documents_leads_somewhere(document: str) -> None:
    path = HOME / document

    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", path.read_text()):
        page = path.parent / target if target else path
        assert page.exists(), target
        assert not anchor or anchor in sections(page), f"{target}#{anchor}"


def packages() -> set[str]:
    """Return the names of our packages below the top folders, such as `desk` of `syncjobs/pages/desk`."""
    folders = (path.parent for app in (*OUR_APPS, "sandbox") for path in (HOME / app).rglob("__init__.py"))
    excluded = {"migrations", "commands", "sandbox", *OUR_APPS}
    return {folder.name for folder in folders if folder.name not in excluded and "sandbox" not in folder.parts[-2:-1]}


def test_every_package_stands_in_the_tree_of_the_architecture_page() -> None:
    page = (HOME / "docs" / "architecture.md").read_text()
    tree = page.partition("## The tree")[2].partition("## The arrows")[0]

    assert {name for name in packages() if f"{name}/" not in tree} == set()


def test_every_function_that_the_architecture_page_names_exists() -> None:
    page = (HOME / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+)\.([A-Za-z_]+)(?:\.([a-z_]+))?`", page))
    functions = {(module, name, method) for module, name, method in named if name not in {"py", "md"}}

    assert len(functions) > 15
    for module, name, method in functions:
        paths = [HOME / folder / f"{module}.py" for folder in ("", "syncjobs", "mapping", "integrations")]
        text = next((path.read_text() for path in paths if path.exists()), "")
        assert re.search(rf"^(def|class) {name}\b", text, re.MULTILINE), (module, name)
        assert not method or re.search(rf"^    def {method}\b", text, re.MULTILINE), (module, name, method)


def test_every_home_of_a_rule_exists() -> None:
    table = (HOME / "docs" / "architecture.md").read_text().partition("## One home")[2].partition("## Words")[0]
    homes = re.findall(r"`([a-z_]+/[a-z_/.]+)`", table)

    assert len(homes) > 20
    assert [home for home in homes if not (HOME / home).exists()] == []


def test_every_make_target_in_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (HOME / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", (HOME / "README.md").read_text(), re.MULTILINE)) <= targets


def test_the_tests_that_decisions_name_exist() -> None:
    """As `folder/test_file.py` below tests/, and by the names of functions."""
    paths = [str(path.relative_to(HOME)) for path in (HOME / "tests").rglob("test_*.py")]
    functions = {name for path in paths for name in re.findall(r"def (test_\w+)\(", (HOME / path).read_text())}
    for record in (HOME / "docs" / "decisions").glob("*.md"):
        text = record.read_text()
        unknown = {name for name in re.findall(r"`(test_\w+)`", text) if name not in functions}
        files = re.findall(r"`([\w/]*test_\w+\.py)`", text)
        unknown |= {
            name for name in files if not any(path.endswith(f"/{name.removeprefix('tests/')}") for path in paths)
        }
        assert not unknown, record.name


def test_the_readme_leads_to_every_document() -> None:
    linked = set(re.findall(r"\]\((docs/[^)#]+)", (HOME / "README.md").read_text()))

    assert {f"docs/{path.name}" for path in (HOME / "docs").glob("*.md")} <= linked

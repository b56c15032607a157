"""Forms of decisions as a page that was opened just now carries them: with the version of what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from integrations.models import TimeEntry, Workspace
from mapping.decisions.versions import version_of, versions_of
from syncjobs.entry_versions import versions_of as versions_of_entries


def shown_now(workspace: Workspace, form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form of a decision about `kind` and `id`, taken on a page that was opened just now."""
    return {**form, "version": version_of(workspace, str(form["kind"]), str(form["id"]))}


def entry_version(entry: TimeEntry) -> str:
    """Return what the entry's page carries when it is opened just now."""
    return versions_of_entries(entry.workspace, [entry])[entry.pk]


def pairs_now(workspace: Workspace, pairs: Iterable[str]) -> list[str]:
    """Return `user-u1=employee:50` and the like as the sheet of many pairs shows them."""
    keys = {pair: pair.partition("=")[0].partition("-") for pair in pairs}
    versions = versions_of(workspace, [(kind, record_id) for kind, _, record_id in keys.values()])
    return [f"{pair}={versions[kind, record_id]}" for pair, (kind, _, record_id) in keys.items()]

"""Makes a support bundle: one zip with what support needs of a workspace, written piece by piece."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from integrations.fields import SecretUnreadable
from integrations.models import Company, Workspace
from syncjobs.display import csv_file
from syncjobs.support.bundle import documents, tables
from syncjobs.support.bundle import world as world_of
from syncjobs.support.bundle.names import names_of
from syncjobs.support.bundle.quickbooks_time import HEADERS, QuickBooksTime
from syncjobs.support.bundle.stand_ins import StandIns
from syncjobs.support.bundle.texts import Texts
from syncjobs.support.checklist import doctor
from syncjobs.support.checklist.vendor_answers import VendorAnswers, ask

OnStage = Callable[[str], None]
NEVER_IN_IT = (
    "Keys, tokens and passwords; what looks like one in a text is masked.",
    "Postal addresses, telephone numbers, tax and bank numbers, notes and other fields of Clockify's and QuickBooks' "
    "records that no rule reads.",
)
SECRETS_UNREADABLE = (
    "Stored keys and tokens can't be decrypted with ENCRYPTION_KEYS; texts were searched for what looks like one."
)


@dataclass
class Made:
    """A finished bundle: its length in bytes, and a line for each thing that was left out."""

    size: int = 0
    left_out: list[str] = field(default_factory=list)


def make(
    workspace: Workspace,
    path: Path,
    *,
    replace_names: bool,
    heartbeat: doctor.Heartbeat,
    now: datetime,
    on_stage: OnStage = lambda text: None,
) -> Made:
    """Write the bundle beside `path`, and rename it once it is whole. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            made = write(workspace, file, replace_names=replace_names, heartbeat=heartbeat, now=now, on_stage=on_stage)
            file.flush()
            os.fsync(file.fileno())
            made.size = file.tell()
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return made


def write(
    workspace: Workspace,
    file: IO[bytes],
    *,
    replace_names: bool,
    heartbeat: doctor.Heartbeat,
    now: datetime,
    on_stage: OnStage = lambda text: None,
) -> Made:
    """Write the bundle's zip to a file."""
    left_out = list(NEVER_IN_IT)
    if not _learn_secrets():
        left_out.append(SECRETS_UNREADABLE)
    on_stage("Collecting names")
    names = set(names_of(workspace)) if replace_names else set()
    texts = Texts(StandIns(secrets.token_bytes(32), names), names) if replace_names else Texts()
    on_stage("Asking Clockify and QuickBooks for the plan and the connection")
    answers = ask(workspace)
    lines = doctor.lines_of(workspace, answers, heartbeat=heartbeat, now=now)
    on_stage("Reading time activities from QuickBooks")
    time = QuickBooksTime(workspace, answers, now=now)
    world = world_of.World(workspace, answers, time, texts)
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=6) as archive:
        writer = _Writer(archive, texts, now, on_stage)
        writer.text("README.txt", documents.readme(workspace, texts))
        writer.json("doctor.json", {"checks": [texts.value(line.as_json()) for line in lines]})
        writer.json("settings.json", documents.settings())
        writer.json("quickbooks/company.json", _company(workspace, answers, texts))
        for table in tables.tables(workspace):
            writer.table(table)
        writer.csv("quickbooks/time_activities.csv", HEADERS, time.cells(texts))
        writer.csv("events.csv", tables.EVENT_HEADERS, tables.event_cells(workspace, texts))
        writer.json("mapping.json", documents.mapping(workspace, texts))
        writer.list("mismatches.json", documents.mismatches(workspace, texts))
        writer.list("runs.json", documents.runs(workspace, texts))
        writer.pieces("world.json", world.pieces())
        left_out += [*([time.problem] if time.problem else []), *world.left_out, *documents.decided(workspace)]
        writer.json("manifest.json", documents.manifest(workspace, texts, left_out, now=now))
    return Made(left_out=left_out)


def _company(workspace: Workspace, answers: VendorAnswers, texts: Texts) -> dict[str, Any]:
    company, is_answered = workspace.company, answers.company_info is not None and answers.preferences is not None
    records = world_of.as_answered(answers, texts) if company is not None and is_answered else None
    return documents.company(company, records, texts)


def _learn_secrets() -> bool:
    """Read every stored key and token, so that texts are searched for them; return whether all could be read."""
    try:
        for model in (Workspace, Company):
            for row in model._default_manager.only(*model.SECRETS).iterator():
                for name in model.SECRETS:
                    getattr(row, name)
    except SecretUnreadable:
        return False
    return True


class _Writer:
    """Adds files to a zip, one after the other."""

    def __init__(self, archive: ZipFile, texts: Texts, now: datetime, on_stage: OnStage) -> None:
        self._archive, self._texts, self._on_stage = archive, texts, on_stage
        self._moment = now.timetuple()[:6]

    def pieces(self, name: str, pieces: Iterable[str]) -> None:
        self._on_stage(f"Writing {name}")
        entry = ZipInfo(name, date_time=self._moment)
        entry.compress_type = ZIP_DEFLATED
        with self._archive.open(entry, "w", force_zip64=True) as file:
            for piece in pieces:
                # Half of a character pair, which SQLite keeps and no file may hold.
                file.write(piece.encode("utf-8", "replace"))

    def text(self, name: str, text: str) -> None:
        self.pieces(name, [text])

    def json(self, name: str, value: Any) -> None:
        self.text(name, json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")

    def list(self, name: str, rows: Iterable[Any]) -> None:
        self.pieces(name, _list_pieces(rows))

    def csv(self, name: str, headers: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> None:
        self.pieces(name, csv_file.lines(headers, rows))

    def table(self, table: tables.Table) -> None:
        cells = tables.call_cells if table.name == "api_calls.csv" else tables.Table.cells
        self.csv(table.name, table.headers, cells(table, self._texts))


def _list_pieces(rows: Iterable[Any]) -> Iterator[str]:
    separator = "[\n"
    for row in rows:
        yield separator + json.dumps(row, ensure_ascii=False, default=str)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"

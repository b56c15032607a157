"""The index by which a decision finds the records around it, kept by matching in the database.

A record is found by a form of its name that equal names share in any mode. The row of a Clockify record is found by the
QuickBooks records that it names or that were likely for it, and by its group on the desk.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b

from django.db.models import Q

from integrations.list_versions import version
from integrations.models import Workspace
from mapping.desk import ordering
from mapping.matching.index import is_usable, shown_name
from mapping.matching.names import plain_words, shared_form
from mapping.matching.records import ClockifyRecord, Likely, QuickBooksRecord, partner_kind
from mapping.matching.row_json import facts_in, suggestion_rows, suggestions_in
from mapping.models import IndexTerm, LikelyFound, Mismatch, NameIndex
from mapping.queries import Key, by_kind, chunks, company_of

# The first letter of a term says what it is.
NAME, WORDS, LIKELY, NAMED, GROUP = "n", "w", "l", "p", "g"
# Grows whenever terms are made otherwise, so that an index of an earlier version is not used.
VERSION = 1
Term = tuple[str, str, str]  # kind, id and term


# --- terms -----------------------------------------------------------------------------------------------------
@lru_cache(maxsize=20_000)
def name_term(name: str) -> str:
    """Return the term of a name, "" for a missing one."""
    form = shared_form(name)
    return f"{NAME}{_digest(form)}" if form else ""


def words_term(name: str) -> str:
    """Return the term of a sub-customer's name that others with the same words in the same order share."""
    joined = "".join(plain_words(name))
    return f"{WORDS}{_digest(joined)}" if joined else ""


def partner_term(letter: str, partner: Key) -> str:
    """Return the term of a QuickBooks record that is likely (LIKELY), or named by a row (NAMED)."""
    return f"{letter}{partner[0]} {partner[1]}"


def group_term(row: ordering.OpenRow) -> str:
    """Return the term of the rows that stand together with this one on the desk."""
    return f"{GROUP}{_digest(ordering.group_key(row))}"


def _digest(text: str) -> str:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def terms_of_quickbooks(record: QuickBooksRecord) -> set[str]:
    """Return what a QuickBooks record is found by; one that was merged away has no name to be found by."""
    terms = {name_term(shown_name(record))} if not record.gone else set()
    if record.parent_id and is_usable(record):
        terms.add(words_term(record.name))
    return terms - {""}


def partners_named(row: Mismatch) -> set[Key]:
    """Return the QuickBooks records that a Clockify record's row names, as partner or as suggestion."""
    named = {(partner_kind(row.kind, facts_in(row.detail)), row.quickbooks_id)} if row.quickbooks_id else set()
    return named | {(suggestion.kind, suggestion.id) for suggestion in suggestions_in(row.suggestions)}


def terms_of_row(row: Mismatch) -> set[str]:
    return {group_term(row)} | {partner_term(NAMED, partner) for partner in partners_named(row)}


def terms_of_likely(likely: Likely) -> set[str]:
    return {partner_term(LIKELY, (found.kind, found.id)) for found in likely.found}


# --- looking up ------------------------------------------------------------------------------------------------
def find(workspace: Workspace, terms: Iterable[str], kinds: Collection[str]) -> set[Key]:
    """Return the records of these kinds that have one of these terms."""
    return set().union(*by_term(workspace, terms, kinds).values())


def by_term(workspace: Workspace, terms: Iterable[str], kinds: Collection[str]) -> dict[str, set[Key]]:
    """Return the records of these kinds that have these terms, by term; a term that none has is left out."""
    found: dict[str, set[Key]] = defaultdict(set)
    if wanted := frozenset(terms) - {""}:
        rows = IndexTerm.objects.filter(workspace=workspace, term__among=wanted, kind__in=kinds)
        for term, kind, record_id in rows.values_list("term", "kind", "record_id"):
            found[term].add((kind, record_id))
    return found


def current(workspace: Workspace) -> NameIndex | None:
    """Return the index as far as it may be used: made from the lists and the rules as they are now."""
    index = NameIndex.objects.filter(workspace=workspace).first()
    return index if index is not None and index.made_from == made_from(workspace) else None


def last_counted(workspace: Workspace) -> int | None:
    """Return the id of the last decision that counts in the saved rows; None before the first index."""
    return NameIndex.objects.filter(workspace=workspace).values_list("decision", flat=True).first()


def made_from(workspace: Workspace) -> str:
    """Return what an index is made from now; read it before the lists themselves."""
    company = company_of(workspace)
    rules = f"{workspace.matching} {'vendors' if workspace.people_to_vendors else 'employees'}"
    return f"{VERSION} {company.pk} {rules} {version(workspace)} {version(company)}"


# --- writing ---------------------------------------------------------------------------------------------------
def save_all(
    workspace: Workspace,
    *,
    clockify: Iterable[ClockifyRecord],
    quickbooks: Iterable[QuickBooksRecord],
    likely: Mapping[Key, Likely],
    rows: Iterable[Mismatch],
) -> None:
    """Make the whole index equal to what was matched."""
    wanted: set[Term] = set()
    for record in clockify:
        wanted.add((record.kind, record.id, name_term(record.name)))
    for partner in quickbooks:
        wanted |= {(partner.kind, partner.id, term) for term in terms_of_quickbooks(partner)}
    wanted |= _terms(likely, rows)
    wanted = {term for term in wanted if term[2]}
    _save(workspace, IndexTerm.objects.filter(workspace=workspace), wanted)


def save_some(
    workspace: Workspace, keys: Collection[Key], *, likely: Mapping[Key, Likely], rows: Iterable[Mismatch]
) -> None:
    """Make the terms of these Clockify records' rows and likely partners equal to what was matched."""
    wanted, letters = _terms(likely, rows), Q()
    for letter in (LIKELY, NAMED, GROUP):
        letters |= Q(term__startswith=letter)
    for kind, ids in by_kind(keys).items():
        for chunk in chunks(ids):
            stored = IndexTerm.objects.filter(letters, workspace=workspace, kind=kind, record_id__in=chunk)
            chosen = set(chunk)
            _save(workspace, stored, {term for term in wanted if term[0] == kind and term[1] in chosen})


def _terms(likely: Mapping[Key, Likely], rows: Iterable[Mismatch]) -> set[Term]:
    terms = {(*key, term) for key, found in likely.items() for term in terms_of_likely(found)}
    return terms | {(row.kind, row.clockify_id, term) for row in rows if row.clockify_id for term in terms_of_row(row)}


def _save(workspace: Workspace, stored_rows: object, wanted: Collection[Term]) -> None:
    """Make the stored terms equal to those wanted, writing only the difference."""
    stored = {
        (kind, record_id, term): pk
        for pk, kind, record_id, term in stored_rows.values_list("pk", "kind", "record_id", "term")  # type: ignore[attr-defined]
    }
    for chunk in chunks(pk for term, pk in stored.items() if term not in wanted):
        IndexTerm.objects.filter(pk__in=chunk).delete()
    missing = [
        IndexTerm(workspace=workspace, kind=kind, record_id=record_id, term=term)
        for kind, record_id, term in sorted(wanted)
        if (kind, record_id, term) not in stored
    ]
    IndexTerm.objects.bulk_create(missing, batch_size=1000)


# --- likely partners -------------------------------------------------------------------------------------------
def likely_found(workspace: Workspace, among: Iterable[Key] | None = None) -> dict[Key, Likely]:
    """Return who was likely when names were compared last, by kind and id of all Clockify records or of `among`."""
    rows = LikelyFound.objects.filter(workspace=workspace, company=workspace.company)
    selected = [rows]
    if among is not None:
        selected = [
            rows.filter(kind=kind, clockify_id__in=chunk)
            for kind, ids in by_kind(among).items()
            for chunk in chunks(ids)
        ]
    return {
        (kind, key): Likely(name, under, suggestions_in(found))
        for query in selected
        for kind, key, name, under, found in query.values_list("kind", "clockify_id", "name", "under", "found")
    }


def save_likely(workspace: Workspace, likely: Mapping[Key, Likely], known: Mapping[Key, Likely]) -> None:
    """Save who is likely, as far as that differs from what is `known`."""
    rows = [
        LikelyFound(
            workspace=workspace,
            company=company_of(workspace),
            kind=kind,
            clockify_id=clockify_id,
            name=found.name,
            under=found.under,
            found=suggestion_rows(found.found),
        )
        for (kind, clockify_id), found in likely.items()
        if known.get((kind, clockify_id)) != found
    ]
    LikelyFound.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["workspace", "company", "kind", "clockify_id"],
        update_fields=["name", "under", "found"],
        batch_size=500,
    )

"""Clients: list, read, create, replace, delete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.clockify.api import fields
from sandbox.clockify.api.lists import choice, flag, is_descending, paged
from sandbox.clockify.call import WorkspaceCall
from sandbox.clockify.errors import not_in_workspace, refused
from sandbox.clockify.records import Client
from sandbox.clockify.shapes import client_json, currency_id
from sandbox.shared.http import Response


def list_clients(call: WorkspaceCall) -> Response:
    """Answer GET /clients; without `archived`, both kinds."""
    archived, part = flag(call, "archived"), call.request.query.get("name", "").lower()
    rows = [
        client
        for client in call.workspace.clients.values()
        if archived in (None, client.archived) and part in client.name.lower()
    ]
    choice(call, "sort-column", ("NAME",), "NAME")
    rows.sort(key=lambda client: client.name.lower(), reverse=is_descending(call))
    return paged(call, rows, lambda client: client_json(call.workspace, client))


def get_client(call: WorkspaceCall, key: str) -> Response:
    return Response(body=client_json(call.workspace, _client(call, key)))


def create_client(call: WorkspaceCall) -> Response:
    """Answer POST /clients, which takes name, email, address and note only."""
    call.only_admins()
    name = _free_name(call, call.body())
    client = Client(call.clockify.new_id(), name, **_contact(call.body()))
    return Response(201, client_json(call.workspace, call.workspace.put_client(client)))


def replace_client(call: WorkspaceCall, key: str) -> Response:
    """Answer PUT /clients/{id}, which empties every field that is left out."""
    call.only_admins()
    old, body = _client(call, key), call.body()
    client = Client(
        key,
        _free_name(call, body, but=key),
        archived=fields.flag(body, "archived", False),
        currency=_currency(call, body),
        cc_emails=list(body.get("ccEmails") or []),
        **_contact(body),
    )
    call.workspace.put_client(client)
    if client.archived and not old.archived and flag(call, "archive-projects"):
        for project in [project for project in call.workspace.projects.values() if project.client_id == key]:
            call.workspace.put_project(replace(project, archived=True))
    return Response(body=_without_code(client_json(call.workspace, client)))


def delete_client(call: WorkspaceCall, key: str) -> Response:
    """Answer DELETE /clients/{id} with the client; only an archived one can be deleted."""
    call.only_admins()
    client = _client(call, key)
    if not client.archived:
        raise refused("Cannot delete an active client")
    body = client_json(call.workspace, client)
    call.workspace.remove_client(key)
    return Response(body=_without_code(body))


def _without_code(body: dict[str, Any]) -> dict[str, Any]:
    """Return the client as answered to PUT and DELETE, which have no currencyCode (OpenAPI: ClientDtoV1)."""
    return {name: value for name, value in body.items() if name != "currencyCode"}


def _client(call: WorkspaceCall, key: str) -> Client:
    try:
        return call.workspace.clients[key]
    except KeyError:
        raise not_in_workspace("Client") from None


def _contact(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "email": fields.text(body, "email", longest=250) or None,
        "address": fields.text(body, "address", longest=3000) or None,
        "note": fields.text(body, "note", longest=3000) or None,
    }


def _free_name(call: WorkspaceCall, body: dict[str, Any], *, but: str = "") -> str:
    name = fields.required_name(body, shortest=1, longest=100)
    if any(client.name == name and client.id != but for client in call.workspace.clients.values()):
        raise refused(f"Client with name {name} already exists")
    return name


def _currency(call: WorkspaceCall, body: dict[str, Any]) -> str | None:
    wanted = body.get("currencyId")
    codes = {client.currency for client in call.workspace.clients.values() if client.currency}
    known = {currency_id(code): code for code in {*codes, call.workspace.currency}}
    if wanted and wanted not in known:
        raise not_in_workspace("Currency")
    code = known.get(wanted or "")
    return None if code == call.workspace.currency else code

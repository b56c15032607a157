"""The rules as a CSV download, and an upload that is previewed line by line before it is saved."""

from __future__ import annotations

import hashlib
import json

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from integrations.database import database_now
from integrations.errors import ApiError
from integrations.models import Workspace
from mapping.errors import Refused
from syncjobs import line_rules
from syncjobs.display.csv_file import csv_response
from syncjobs.display.formatting import number
from syncjobs.pages import access, links, uploads
from syncjobs.pages.lines import csv_file
from syncjobs.pages.lines.contexts import UploadContext, UploadedContext
from syncjobs.pages.lines.csv_file import RulesUpload
from syncjobs.pages.lines.edit import shown_preview


def download(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the rules with ids, as `line_rule list` has them."""
    workspace = access.workspace_at(pk)
    return csv_response(csv_file.HEADERS, line_rules.listed(workspace), name=f"line-rules-{workspace.clockify_id}")


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the upload form; a POST previews the changes, then saves them as they were previewed."""
    workspace = access.workspace_at(pk)
    if workspace.company is None:
        return redirect("hourbridge:line-rules", workspace.pk)
    uploaded: UploadedContext | None = None
    refused = ""
    if request.method == "POST":
        try:
            text = uploads.uploaded_text(request)
            upload = csv_file.read(workspace, text, now=database_now())
            if request.POST.get("seen") == _seen(upload):
                return _save(request, workspace, upload)
            uploaded = _previewed(workspace, upload, text=text, moved="seen" in request.POST)
        except Refused as refusal:
            refused = str(refusal)
        except ApiError as error:
            refused = f"Clockify's list of tasks or tags can't be read now: {error}"
    title = f"Upload line rules, {workspace.name}"
    context: UploadContext = {
        "workspace": workspace,
        "headers": csv_file.HEADERS[:-1],
        "back": links.line_rules(pk),
        "refused": refused,
    }
    shown = {**context, **uploaded} if uploaded else context
    return access.show(request, "lines/upload.html", shown, title=title, status=422 if refused else 200)


def _previewed(workspace: Workspace, upload: RulesUpload, *, text: str, moved: bool) -> UploadedContext:
    rows = [
        line_rules.unsaved(workspace, change.given, rule_id=change.rule.pk if change.rule else None)
        for change in upload.changes
    ]
    preview = shown_preview(workspace, line_rules.with_changes(workspace, rows)) if rows else None
    shown = uploads.shown_changes(upload.changes)
    return {"upload": upload, "text": text, "seen": _seen(upload), "moved": moved, "preview": preview, **shown}


def _seen(upload: RulesUpload) -> str:
    """Return a fingerprint of what would be saved, and of which state of the rules, so that nothing else is saved."""
    stated = [
        (change.rule and [change.rule.pk, change.rule.at.isoformat()], dict(change.given)) for change in upload.changes
    ]
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()


def _save(request: HttpRequest, workspace: Workspace, upload: RulesUpload) -> HttpResponse:
    now = database_now()
    # All of them or none: a rule may count only together with the next one.
    with transaction.atomic():
        for change in upload.changes:
            if change.rule is None:
                line_rules.add(workspace, change.given, now=now, person=request.user)
            else:
                line_rules.change(workspace, str(change.rule.pk), change.given, now=now, person=request.user)
    line_rules.evaluate_again(workspace, now=now)
    saved = number(len(upload.changes), "rule was saved,rules were saved")
    messages.success(request, f"{saved}. What was sent before stays as it is.")
    return redirect("hourbridge:line-rules", workspace.pk)

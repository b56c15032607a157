"""Our requests to Clockify, and the sandbox's answers in its name, beside Clockify's own OpenAPI file."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import openapi
from tests.support.openapi import Finding
from tests.support.scene import Scene

RECORDER = openapi.Recorder()
pytestmark = pytest.mark.sandbox(between=RECORDER)


@pytest.fixture
def exchanges(scene: Scene) -> list[Any]:
    """Have everything done that asks something of Clockify; return the calls with their answers."""
    openapi.document()
    return RECORDER.exchanges


def test_it(scene, ada, site, exchanges):
    entry = scene.entry(ada, site)
    scene.sync()
    gone = scene.delete_entry(entry)
    scene.sync()
    scene.restore(gone)
    scene.explain(entry)
    scene.check()
    from integrations.clockify.connection import client_for
    import json
    from syncjobs.partner_writes import drafts
    c = client_for(scene.workspace); w = scene.workspace.clockify_id
    a = c.create(w, "clients", json.dumps({"name": "New"}))
    c.replace(w, "clients", a["id"], json.dumps(drafts.renaming_body("client", c.record(w, "clients", a["id"]), {"name": "Bob"})))
    b = c.create(w, "projects", json.dumps(drafts.project_fields("Pop", client_id=a["id"], billable=True, public=True)))
    c.replace(w, "projects", b["id"], json.dumps(drafts.renaming_body("project", c.record(w, "projects", b["id"]), {"name": "Bob"})))
    c.check_connection()
    f=set(); g=set()
    for r, s in exchanges:
        f |= openapi.request_findings(r); g |= openapi.answer_findings(r, s)
    print(len(exchanges), {openapi.operation_of(r.method, r.path)[0]+" "+str(s.status) for r,s in exchanges})
    for x in sorted(f): print("REQ", x.place, "|", x.problem)
    for x in sorted(g): print("ANS", x.place, "|", x.problem)

"""Clockify's own OpenAPI file, which is not part of the project, as a judge of requests and answers.

Each difference is a `Finding`: where it is, by operation and field, and what it is. Nulls are no findings: the file
never says which fields may be null, and many are in every recorded body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema
import yaml

from sandbox.shared.http import Answer, Request, Response
from tests.support.samples import samples_folder

Json = dict[str, Any]
PREFIXES = re.compile("^/(?:api|report)(?=/v1/)")


@dataclass(frozen=True, order=True)
class Finding:
    """A difference from the file: `place` is the operation and field, `problem` the rule that the value breaks."""

    place: str
    problem: str


class Recorder:
    """Keep each call of Clockify with its answer; wraps the sandbox's answering function (`start(between=…)`)."""

    def __init__(self) -> None:
        self.exchanges: list[tuple[Request, Response]] = []

    def __call__(self, answer: Answer) -> Answer:
        def answered(request: Request) -> Response | None:
            response = answer(request)
            if response is not None and PREFIXES.match(request.path):
                self.exchanges.append((request, response))
            return response

        return answered


@cache
def document() -> Json:
    """Return the file with its references resolved; its own errors are left to the caller's exceptions."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded: Json = yaml.load((samples_folder() / "clockify/openapi.yaml").read_bytes(), Loader=loader)
    return loaded


def operation_of(method: str, path: str) -> tuple[str, Json]:
    """Return the name ("GET /v1/user") and the description of the operation that a request meets; {} for none."""
    bare = PREFIXES.sub("", path)
    fitting = [template for template in document()["paths"] if re.fullmatch(_pattern(template), bare)]
    # A literal part of a path counts before a parameter.
    for template in sorted(fitting, key=lambda template: template.count("{")):
        if method.lower() in document()["paths"][template]:
            return f"{method} {template}", document()["paths"][template][method.lower()]
    return f"{method} {bare}", {}


def _pattern(template: str) -> str:
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))


def request_findings(request: Request) -> set[Finding]:
    """Return what the file does not know, or does not allow, of a request's address, parameters and body."""
    name, operation = operation_of(request.method, request.path)
    if not operation:
        return {Finding(name, "not in the file")}
    known = {field["name"]: field for field in operation.get("parameters", ()) if field["in"] == "query"}
    found = {Finding(f"{name} ?{field}", "not in the file") for field in request.query if field not in known}
    for field, parameter in known.items():
        if field not in request.query:
            found |= {Finding(f"{name} ?{field}", "required")} if parameter.get("required") else set()
            continue
        value: Any = request.query[field]
        if parameter["schema"].get("type") in {"integer", "boolean"}:
            value = json.loads(value)
        found |= _differences(value, parameter["schema"], f"{name} ?{field}")
    content = operation.get("requestBody", {}).get("content", {})
    if content:
        found |= _differences(json.loads(request.body), next(iter(content.values()))["schema"], f"{name} >")
    elif request.body:
        found.add(Finding(name, "takes no body"))
    return found


def answer_findings(request: Request, response: Response) -> set[Finding]:
    """Return where an answer is unlike the file: its status, types of values, names that the file does not have."""
    name, operation = operation_of(request.method, request.path)
    described = operation.get("responses", {}).get(str(response.status))
    if described is None:
        return {Finding(f"{name} <", f"status {response.status} is not in the file")}
    content = described.get("content", {})
    if not content:
        return set()
    body = json.loads(json.dumps(response.body))
    return _differences(body, next(iter(content.values()))["schema"], f"{name} <", names=True)


def _differences(value: Any, schema: Json, place: str, *, names: bool = False) -> set[Finding]:
    resolved = {**schema, "components": _components(names)}
    return set(_found(jsonschema.Draft4Validator(resolved).iter_errors(value), place))


def _found(errors: Any, place: str) -> Iterator[Finding]:
    for error in errors:
        field = ".".join("[]" if isinstance(part, int) else str(part) for part in error.absolute_path)
        where = f"{place} {field}".strip().replace(".[]", "[]")
        if error.validator == "additionalProperties":
            known = set(error.schema["properties"])
            yield from (Finding(f"{where}.{extra}", "not in the file") for extra in set(error.instance) - known)
        elif error.validator == "required":
            missing = [part for part in error.validator_value if part not in error.instance]
            yield from (Finding(f"{where}.{part}", "required") for part in missing)
        elif error.instance is not None:
            expected = error.validator_value
            problem = f"should be {expected}" if error.validator == "type" else f"breaks {error.validator}"
            yield Finding(where, problem)


@cache
def _components(names: bool) -> Json:
    """Return the file's schemas; with `names` a field that is not in them is a difference."""
    written = json.loads(json.dumps(document()["components"]))
    # In the file this schema is one of itself, without end.
    written["schemas"]["FeaturePlan"] = {"type": "string"}
    for schema in written["schemas"].values() if names else ():
        if isinstance(schema, Mapping) and schema.get("properties") and "additionalProperties" not in schema:
            schema["additionalProperties"] = False  # type: ignore[index]
    return written  # type: ignore[no-any-return]


def example(name: str) -> Json:
    """Return a record made of the examples that the file has for each field; fields without one are left out."""
    found: Json = {}
    for field, schema in document()["components"]["schemas"][name]["properties"].items():
        reference = schema.get("$ref", "").rpartition("/")[2]
        if "example" in schema and schema["type"] in {"string", "boolean", "integer", "number"}:
            found[field] = schema["example"]
        elif "properties" in document()["components"]["schemas"].get(reference, {}):
            found[field] = example(reference)
    return found

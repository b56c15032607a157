"""Small mistakes in a module, one at a time. Pure: source text in, source text out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
# One word is a value that code compares; more are a sentence for people, which tests need not repeat.
ONE_WORD = re.compile(r"[\w./:-]+")
# Parts of a tree that do nothing when the program runs, or only guard against mistakes of ours.
IDLE_FIELDS = {"annotation", "returns", "type_params", "decorator_list"}
IDLE_NODES = (ast.Assert, ast.Import, ast.ImportFrom, ast.JoinedStr)
AROUND = 60  # characters of a long statement on each side of the change


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one mistake. `lines` are those of the changed statement, without the body of a compound one."""

    line: int
    lines: range
    function: str  # "" at the top of the module
    change: str  # the statement on one line, with "[before -> after]" in it
    source: str

    @property
    def name(self) -> str:
        """Return what says which mutant it is as long as the statement stays the same, wherever it stands."""
        return f"{self.function}: {self.change}"


@dataclass(frozen=True, slots=True)
class _Place:
    """A node with where it hangs: a field of its parent, or an item of a list there."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    statement: ast.stmt
    function: str

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def mutants(source: str, enums: Mapping[str, list[str]]) -> Iterator[Mutant]:
    """Yield each mutant of a module, in the order of its lines. `enums` are members by the name of the class."""
    tree = ast.parse(source)
    for place in list(_places(tree, None, "")):
        for new in _replacements(place, enums):
            before = _head(place.statement)
            place.put(new)
            after = _head(new if place.node is place.statement else place.statement)
            changed_source = ast.unparse(ast.fix_missing_locations(tree))
            place.put(place.node)
            line = getattr(place.node, "lineno", place.statement.lineno)
            yield Mutant(line, _lines(place.statement), place.function, difference(before, after), changed_source)


def enums_in(sources: Iterable[str]) -> dict[str, list[str]]:
    """Return the members of each enumeration that is defined in some modules, by the name of its class."""
    found = {}
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef) and _is_enum(node):
                assignments = [part for part in node.body if isinstance(part, ast.Assign)]
                found[node.name] = [
                    name.id for part in assignments for name in part.targets if isinstance(name, ast.Name)
                ]
    return found


def _places(node: ast.AST, statement: ast.stmt | None, function: str) -> Iterator[_Place]:
    """Yield what may be changed below a node."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        function = f"{function}.{node.name}".lstrip(".")
    for field, value in ast.iter_fields(node):
        if field in IDLE_FIELDS:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _is_idle(child):
                continue
            inner = child if isinstance(child, ast.stmt) else statement
            if inner is not None:
                yield _Place(node, field, index, child, inner, function)
            yield from _places(child, inner, function)


def _is_idle(node: ast.AST) -> bool:
    """Return True for what changes nothing, such as a docstring, and for an enumeration: its values are data."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.ClassDef():
            return _is_enum(node)
        case ast.keyword(arg="strict"):
            return True
    return isinstance(node, IDLE_NODES)


def _is_enum(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).endswith(("Enum", "Choices")) for base in node.bases)


def _replacements(place: _Place, enums: Mapping[str, list[str]]) -> Iterator[ast.AST]:
    node = place.node
    if place.field in {"test", "ifs"} and not isinstance(node, ast.Constant):
        # A `while` that never ends would only show as a timeout.
        yield from (ast.Constant(value) for value in (True, False) if value is False or not _is_while(place.parent))
    match node:
        case ast.Compare():
            for number, operator in enumerate(node.ops):
                operators = [*node.ops[:number], COMPARISONS[type(operator)](), *node.ops[number + 1 :]]
                yield ast.Compare(node.left, operators, node.comparators)
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.BinOp(op=ast.Add()):
            yield ast.BinOp(node.left, ast.Sub(), node.right)
        case ast.BinOp(op=ast.Sub()):
            yield ast.BinOp(node.left, ast.Add(), node.right)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Constant(value=str() as value) if ONE_WORD.fullmatch(value):
            yield ast.Constant(f"{value}~")
        case ast.Attribute(value=ast.Name(id=name), attr=member) if member in enums.get(name, ()):
            members = enums[name]
            other = members[(members.index(member) + 1) % len(members)]
            if other != member:
                yield ast.Attribute(node.value, other, node.ctx)
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield ast.Return(ast.Constant(None))
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()
        case ast.Expr(value=ast.Call()):
            yield ast.Pass()


def _is_while(node: ast.AST) -> bool:
    return isinstance(node, ast.While)


def _lines(statement: ast.stmt) -> range:
    end = statement.end_lineno or statement.lineno
    match statement:
        case ast.Match(cases=[first, *_]):
            end = first.pattern.lineno - 1
        case ast.stmt(body=[ast.stmt() as first, *_]):
            end = first.lineno - 1
    return range(statement.lineno, max(end, statement.lineno) + 1)


def _head(statement: ast.AST) -> str:
    """Return a statement on one line, without the body of a compound one."""
    match statement:
        case ast.Match():
            text = f"match {ast.unparse(statement.subject)}:"
        case ast.stmt(body=[_, *_]):
            lines = ast.unparse(ast.fix_missing_locations(statement)).splitlines()
            text = next(line for line in lines if not line.startswith("@"))
        case _:
            text = ast.unparse(ast.fix_missing_locations(statement))
    return " ".join(text.split())


def difference(before: str, after: str) -> str:
    """Return a text with the words that changed as "[before -> after]", and some of what stands around them."""
    old, new = before.split(" "), after.split(" ")
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    left, right = " ".join(old[:start]), " ".join(old[len(old) - end :])
    left = f"…{left[-AROUND:]}" if len(left) > AROUND else left
    right = f"{right[:AROUND]}…" if len(right) > AROUND else right
    middle = f"[{' '.join(old[start : len(old) - end])} -> {' '.join(new[start : len(new) - end])}]"
    return f"{left} {middle} {right}".strip()


def _common(first: list[str], second: list[str]) -> int:
    """Return how many words two lists have in common at the beginning."""
    pairs = zip(first, second, strict=False)
    return next((number for number, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))

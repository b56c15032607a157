"""The query language: select *|count(*) from Entity where ... orderby ... startposition n maxresults n."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sandbox.quickbooks.errors import QuickBooksFault

TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:\\.|[^'\\])*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))|(?P<word>[A-Za-z_][\w.]*)"""
    r"""|(?P<sign><=|>=|!=|=|<|>|\(|\)|,|\*))"""
)
OPERATORS = ("=", "<", ">", "<=", ">=", "!=")


@dataclass(frozen=True)
class Condition:
    """One comparison; `values` has one member, or the members of an IN list."""

    name: str
    operator: str
    values: tuple[str, ...]


@dataclass
class Query:
    """A parsed statement."""

    entity: str = ""
    count: bool = False
    conditions: list[Condition] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    start: int = 1
    size: int = 100


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    column: int


def _tokens(statement: str) -> list[Token]:
    tokens, at = [], 0
    statement = statement.rstrip().rstrip(";")
    while at < len(statement):
        match = TOKEN.match(statement, at)
        if match is None:
            rest = statement[at:].lstrip()
            raise parse_fault(rest[:1], len(statement) - len(rest) + 1, lexical=True)
        kind = str(match.lastgroup)
        tokens.append(Token(kind, match.group(kind), match.start(kind) + 1))
        at = match.end()
    return [*tokens, Token("end", "<EOF>", len(statement) + 1)]


def parse_fault(text: str, column: int, *, lexical: bool = False) -> QuickBooksFault:
    """Return fault 4000 with the text of Intuit's parser."""
    if lexical:
        detail = f'QueryParserError: Lexical error at line 1, column {column}.  Encountered: "{text}"'
    else:
        detail = f'QueryParserError: Encountered " "{text}" "" at line 1, column {column}.'
    return QuickBooksFault("4000", detail, element=None)


def validation_fault(detail: str) -> QuickBooksFault:
    """Return fault 4001: the statement parses but asks for something that does not exist."""
    return QuickBooksFault("4001", f"QueryValidationError: {detail}", element=None)


def unescaped(quoted: str) -> str:
    """Return the text between quotes; a backslash takes the next character as it is."""
    return re.sub(r"\\(.)", r"\1", quoted[1:-1], flags=re.DOTALL)


class _Reader:
    def __init__(self, statement: str) -> None:
        self._tokens = _tokens(statement)
        self._at = 0

    @property
    def token(self) -> Token:
        return self._tokens[self._at]

    def refuse(self) -> QuickBooksFault:
        return parse_fault(self.token.text, self.token.column)

    def next(self, kind: str = "") -> Token:
        token = self.token
        if kind and token.kind != kind:
            raise self.refuse()
        self._at += 1
        return token

    def accept(self, *words: str) -> bool:
        """Take these words or signs if they come next, keywords in any case."""
        ahead = self._tokens[self._at : self._at + len(words)]
        if [token.text.lower() for token in ahead] != list(words):
            return False
        self._at += len(words)
        return True

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.accept(word):
                raise self.refuse()


def parse(statement: str) -> Query:
    """Read a statement, or raise QuickBooksFault 4000 or 4001."""
    reader = _Reader(statement)
    query = Query()
    reader.expect("select")
    if reader.accept("count"):
        reader.expect("(", "*", ")")
        query.count = True
    else:
        reader.expect("*")
        while reader.accept(","):
            # Clients ask for `*, Sku`: older minor versions left it out of `*` (Intuit: item page).
            reader.next("word")
    reader.expect("from")
    query.entity = reader.next("word").text
    if reader.accept("where"):
        query.conditions.append(_condition(reader))
        while reader.accept("and"):
            query.conditions.append(_condition(reader))
    if reader.accept("orderby") or reader.accept("order", "by"):
        query.order.append(_order(reader))
        while reader.accept(","):
            query.order.append(_order(reader))
    _page(reader, query)
    if reader.token.kind != "end":
        raise reader.refuse()
    return query


def _condition(reader: _Reader) -> Condition:
    bracketed = reader.accept("(")
    name = reader.next("word").text
    if reader.accept("in"):
        condition = Condition(name, "in", _list(reader))
    elif reader.accept("like"):
        condition = Condition(name, "like", (unescaped(reader.next("text").text),))
    else:
        operator = reader.next("sign").text
        if operator not in OPERATORS:
            reader._at -= 1
            raise reader.refuse()
        condition = Condition(name, operator, (_value(reader),))
    if bracketed:
        reader.expect(")")
    return condition


def _list(reader: _Reader) -> tuple[str, ...]:
    reader.expect("(")
    values = [_value(reader)]
    while reader.accept(","):
        values.append(_value(reader))
    reader.expect(")")
    return tuple(values)


def _value(reader: _Reader) -> str:
    """Read quoted text, or a bare boolean; numbers must be quoted too."""
    token = reader.token
    if token.kind == "text":
        return unescaped(reader.next().text)
    if token.kind == "word" and token.text.lower() in ("true", "false"):
        return reader.next().text.lower()
    raise reader.refuse()


def _order(reader: _Reader) -> tuple[str, bool]:
    name = reader.next("word").text
    descending = reader.accept("desc")
    if not descending:
        reader.accept("asc")
    return name, descending


def _page(reader: _Reader, query: Query) -> None:
    """Read STARTPOSITION and MAXRESULTS, in either order."""
    while True:
        if reader.accept("startposition"):
            query.start = _at_least_one(reader)
        elif reader.accept("maxresults"):
            query.size = _at_least_one(reader)
        else:
            return


def _at_least_one(reader: _Reader) -> int:
    token = reader.next("number")
    if "." in token.text:
        raise parse_fault(token.text, token.column)
    if int(token.text) < 1:
        raise validation_fault(f"value {token.text} is too small. Min allowed value is 1")
    return int(token.text)

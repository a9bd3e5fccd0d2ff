"""Reads a line the way IOS does: abbreviated keywords, typed arguments, and its three complaints with the caret.

A mode is a ``Grammar``: patterns and what to call. A pattern is keywords, ``{name:kind}`` arguments and, at the end,
``[...]`` for what may be left out. Kinds: ``word``, ``line`` (the rest, verbatim), ``LOW-HIGH``, ``interface`` (one or
two words), ``ip``, ``ip6``, ``prefix6``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Interface
from typing import Generic, Literal, TypeVar

from trunkline.lab.switch import interface_names

Context = TypeVar("Context")
Arguments = Mapping[str, str]
Handler = Callable[[Context, Arguments], str | None]
_KIND = re.compile(r"[A-Za-z-]+")
Problem = Literal["invalid", "ambiguous", "incomplete"]


class NotUnderstoodError(Exception):
    """A line that no pattern fits.

    Attributes:
        problem: Which of the three.
        column: Offset of the first character that does not fit; the line's length when it is too short.
    """

    def __init__(self, problem: Problem, column: int) -> None:
        self.problem = problem
        self.column = column
        super().__init__(problem, column)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    column: int


@dataclass(slots=True)
class _Node(Generic[Context]):
    keywords: dict[str, _Node[Context]] = field(default_factory=dict)
    arguments: list[tuple[str, str, _Node[Context]]] = field(default_factory=list)
    handler: Handler[Context] | None = None


@dataclass(frozen=True, slots=True)
class Command(Generic[Context]):
    """A line that was understood."""

    handler: Handler[Context]
    arguments: Arguments


class Grammar(Generic[Context]):
    """The commands of one mode."""

    def __init__(self) -> None:
        self._root: _Node[Context] = _Node()
        self._patterns: list[tuple[str, Handler[Context]]] = []

    def command(self, *patterns: str) -> Callable[[Handler[Context]], Handler[Context]]:
        """Register a function for patterns.

        Its arguments hold what the pattern names and, for a pattern that starts with ``no``, the key ``no``.
        """

        def register(handler: Handler[Context]) -> Handler[Context]:
            for pattern in patterns:
                self._patterns.append((pattern, handler))
                for variant in _variants(pattern):
                    self._add(variant.split(), handler)
            return handler

        return register

    def _add(self, words: list[str], handler: Handler[Context]) -> None:
        node = self._root
        for word in words:
            if not word.startswith("{"):
                node = node.keywords.setdefault(word, _Node())
                continue
            name, _, kind = word.strip("{}").partition(":")
            known = [child for n, k, child in node.arguments if (n, k) == (name, kind)]
            child: _Node[Context] = known[0] if known else _Node()
            if not known:
                node.arguments.append((name, kind, child))
            node = child
        node.handler = handler

    @classmethod
    def merged(cls, grammars: Sequence[Grammar[Context]]) -> Grammar[Context]:
        """Give a grammar with the commands of all."""
        if len(grammars) == 1:
            return grammars[0]
        whole = cls()
        for grammar in grammars:
            for pattern, handler in grammar._patterns:  # noqa: SLF001  # same class
                whole.command(pattern)(handler)
        return whole

    def parse(self, line: str) -> Command[Context]:
        """Understand a line.

        Raises:
            NotUnderstoodError: It cannot be.
        """
        node = self._root
        arguments: dict[str, str] = {}
        tokens = [_Token(match[0], match.start()) for match in re.finditer(r"\S+", line)]
        index = 0
        while index < len(tokens):
            token = tokens[index]
            keyword = _keyword(node, token)
            if keyword is not None:
                if keyword == "no" and node is self._root:
                    arguments["no"] = "no"
                node = node.keywords[keyword]
                index += 1
                continue
            node, index = _argument(node, tokens, index, line, arguments)
        if node.handler is None:
            raise NotUnderstoodError("incomplete", len(line))
        return Command(node.handler, arguments)

    def following(self, line: str) -> list[str]:
        """List the words that may follow, or complete the word that was begun."""
        begun = "" if not line or line[-1].isspace() else line.rsplit(maxsplit=1)[-1]
        whole = line[: len(line) - len(begun)]
        node = self._root
        for match in re.finditer(r"\S+", whole):
            try:
                keyword = _keyword(node, _Token(match[0], 0))
                if keyword is not None:
                    node = node.keywords[keyword]
                    continue
                node, _ = _argument(node, [_Token(match[0], 0)], 0, match[0], {})
            except NotUnderstoodError:
                return []
        words = [word for word in node.keywords if word.startswith(begun.lower())]
        if not begun:
            words += [kind.upper() for _, kind, _ in node.arguments]
            words += ["<cr>"] if node.handler is not None else []
        return words


def _variants(pattern: str) -> Iterator[str]:
    base, bracket, optional = pattern.partition("[")
    yield base
    if bracket:
        yield base + optional.removesuffix("]")


def _keyword(node: _Node[Context], token: _Token) -> str | None:
    word = token.text.lower()
    if word in node.keywords:
        return word
    fitting = [keyword for keyword in node.keywords if keyword.startswith(word)]
    if len(fitting) > 1:
        raise NotUnderstoodError("ambiguous", token.column)
    return fitting[0] if fitting else None


def _argument(
    node: _Node[Context], tokens: list[_Token], index: int, line: str, arguments: dict[str, str]
) -> tuple[_Node[Context], int]:
    token = tokens[index]
    for name, kind, child in node.arguments:
        if kind == "line":
            arguments[name] = line[token.column :].rstrip()
            return child, len(tokens)
        if kind == "interface":
            taken = _interface_words(tokens, index)
            if taken:
                arguments[name] = "".join(each.text for each in tokens[index : index + taken])
                return child, index + taken
        elif _fits(kind, token.text):
            arguments[name] = token.text
            return child, index + 1
    raise NotUnderstoodError("invalid", token.column + _matching_characters(node, token))


def _interface_words(tokens: list[_Token], index: int) -> int:
    """Count the words of an interface's name here: 0, 1 or 2."""
    if interface_names.parse(tokens[index].text) is not None:
        return 1
    pair = "".join(token.text for token in tokens[index : index + 2])
    if interface_names.parse(pair) is not None and _KIND.fullmatch(tokens[index].text):
        return 2
    if interface_names.kind_of(tokens[index].text) is not None and index + 1 == len(tokens):
        raise NotUnderstoodError("incomplete", tokens[index].column)
    return 0


def _fits(kind: str, text: str) -> bool:
    if kind == "word":
        return True
    if kind in _PARSERS:
        try:
            _PARSERS[kind](text)
        except ValueError:
            return False
        return kind != "prefix6" or "/" in text
    low, _, high = kind.partition("-")
    return text.isascii() and text.isdigit() and int(low) <= int(text) <= int(high)


_PARSERS: dict[str, Callable[[str], object]] = {
    "ip": IPv4Address,
    "ip6": IPv6Address,
    "prefix6": IPv6Interface,
}


def _matching_characters(node: _Node[Context], token: _Token) -> int:
    """Give how many characters of a wrong word begin some keyword; the caret stands under the next one."""
    word = token.text.lower()
    for length in range(len(word) - 1, 0, -1):
        if any(keyword.startswith(word[:length]) for keyword in node.keywords):
            return length
    return 0

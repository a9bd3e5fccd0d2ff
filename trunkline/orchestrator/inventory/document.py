"""YAML text -> plain values and the line of every key; all that is wrong with the text at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from trunkline.orchestrator.errors import ConfigError

Path = tuple[str | int, ...]
"""Where in the document: keys and list positions from the top."""
Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]

MOST_VALUES = 200_000
"""A document that unfolds to more values than this (aliases of aliases) is refused."""
LONGEST_ECHO = 60
_STANDARD = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: where, what it is, and what would be right."""

    path: Path
    what: str
    fix: str = ""
    line: int | None = None

    @property
    def key(self) -> str:
        """The path as people write it: ``hosts.h1.uplinks[0].port``."""
        return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).lstrip(".")


class InventoryError(ConfigError):
    """An inventory that cannot be used; ``problems`` has every reason, each with its line."""

    def __init__(self, document: Document, problems: Sequence[Problem]) -> None:
        self.problems = tuple(
            sorted(set(problems), key=lambda each: (document.line(each), each.key, each.what))
        )
        self.lines = tuple(_sentence(document, each) for each in self.problems)
        count = len(self.problems)
        head = "1 problem" if count == 1 else f"{count} problems"
        super().__init__("\n".join((head, *self.lines)), subject=f"inventory {document.source}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file says, before anything is checked."""

    source: str
    data: Plain = None
    lines: Mapping[Path, int] = field(default_factory=dict)

    def line(self, problem: Problem) -> int:
        """Give the line of the problem's key, or of the closest thing around it; lines count from 1."""
        if problem.line is not None:
            return problem.line
        path = problem.path
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


_TOO_DEEP = Problem(path=(), what="nests too deeply", fix="an inventory has at most five levels")


def read_document(text: str, *, source: str) -> tuple[Document, list[Problem]]:
    """Read YAML 1.2, in which ``on`` and ``no`` are words.

    Raises:
        InventoryError: the text is no YAML document; the rest of it cannot be looked at.
    """
    empty = Document(source=source)
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        fix = 'put a star in quotes, "*"' if "alias" in f"{error.context} {error.problem}" else ""
        problem = Problem(path=(), what=f"is not YAML: {error.problem or error.context}", fix=fix, line=line)
        raise InventoryError(empty, [problem]) from error
    except (YAMLError, ReaderError) as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        what = "holds a character that YAML forbids"
        raise InventoryError(empty, [Problem(path=(), what=what, line=line)]) from error
    except RecursionError as error:
        raise InventoryError(empty, [_TOO_DEEP]) from error
    reader = _Reader()
    try:
        data: Plain = None if root is None else reader.value(root, ())
    except RecursionError as error:
        raise InventoryError(empty, [_TOO_DEEP]) from error
    return Document(source=source, data=data, lines=reader.lines), reader.problems


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Suggest the closest known word, or list them all when nothing is close."""
    close = get_close_matches(word.lower(), [each.lower() for each in known], n=1)
    if close:
        return f"did you mean {next(each for each in known if each.lower() == close[0])}?"
    return f"known are {', '.join(sorted(known))}" if known else "none is declared"


def show(value: object) -> str:
    """Echo a value from the file in a message: one line, printable, at most LONGEST_ECHO characters."""
    text = ascii(value)
    return text if len(text) <= LONGEST_ECHO else f"{text[: LONGEST_ECHO - 3]}..."


class _Reader:
    """Walks the nodes once and remembers lines and problems."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self._above: list[Node] = []
        self._count = 0

    def value(self, node: Node, path: Path) -> Plain:
        self._count += 1
        if self._count > MOST_VALUES or any(node is above for above in self._above):
            if self._count <= MOST_VALUES + 1:
                self._count = MOST_VALUES + 1
                self._say(node, path, "unfolds without end", "do not nest aliases in themselves")
            return None
        self._above.append(node)
        try:
            return self._value(node, path)
        finally:
            self._above.pop()

    def _value(self, node: Node, path: Path) -> Plain:
        match node:
            case MappingNode():
                return dict(self._pairs(node, path))
            case SequenceNode():
                items: list[Plain] = []
                for index, item in enumerate(node.value):
                    self.lines[(*path, index)] = item.start_mark.line + 1
                    items.append(self.value(item, (*path, index)))
                return items
            case _:
                return self._scalar(node, path)

    def _pairs(self, node: MappingNode, path: Path) -> Iterator[tuple[str, Plain]]:
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                self._say(key, path, "has a key that is no word", "write `key: value`")
                continue
            name = str(key.value)
            inner = (*path, name)
            if name == "<<":
                self._say(key, inner, "is no merge key in YAML 1.2", "write the keys out")
                continue
            if name in seen:
                what, fix = f"is written twice, also in line {seen[name]}", "keep one"
                self.problems.append(Problem(path=inner, what=what, fix=fix, line=line))
                continue
            seen[name] = line
            self.lines[inner] = line
            yield name, self.value(value, inner)

    def _scalar(self, node: Node, path: Path) -> Plain:
        text = str(node.value)
        kind = str(node.tag)
        if not kind.startswith(_STANDARD):
            self._say(node, path, f"has the tag {show(kind)}", "tags mean nothing here, leave it out")
        try:
            return _plain(kind.removeprefix(_STANDARD), text)
        except ValueError:
            self._say(node, path, f"{show(text)} cannot be read as {show(kind.removeprefix(_STANDARD))}", "")
            return None

    def _say(self, node: Node, path: Path, what: str, fix: str) -> None:
        self.problems.append(Problem(path=path, what=what, fix=fix, line=node.start_mark.line + 1))


def _plain(kind: str, text: str) -> Plain:
    """Read a scalar as the kind that it looks like, or that a tag says it is.

    Raises:
        ValueError: it is none of that kind, or a number of thousands of digits.
    """
    match kind:
        case "null":
            return None
        case "bool":
            if text.lower() not in {"true", "false"}:
                raise ValueError(text)
            return text.lower() == "true"
        case "int":
            return _whole_number(text)
        case "float":
            return float(text.lower().replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
        case _:
            return text


def _whole_number(text: str) -> int:
    digits = text.replace("_", "").lower()
    return int(digits, 0) if digits.lstrip("+-").startswith(("0x", "0o", "0b")) else int(digits)


def _sentence(document: Document, problem: Problem) -> str:
    place = f"{document.source}:{document.line(problem)}: "
    key = f"{problem.key}: " if problem.key else ""
    return f"{place}{key}{problem.what}" + (f"; {problem.fix}" if problem.fix else "")

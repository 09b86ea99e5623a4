"""The text of a rulebook as a tree whose every node knows its line and its column.

Scalars stay text: what they mean is decided by the declaration that reads them, never by YAML,
so that 12:00 is an hour, 0476 keeps its zero and « oui » is an answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from app.rules.words import NBSP, french

MAX_BYTES = 2_000_000
MAX_DEPTH = 12
NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line and a column of the file, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong: where, under which keys, and a French sentence that names the remedy."""

    place: Place
    path: str
    message: str

    @property
    def where(self) -> str:
        """The keys above, as the start of the sentence."""
        return f"{self.path} : " if self.path else ""

    def __str__(self) -> str:
        return f"ligne {self.place.line}, colonne {self.place.column} : {self.where}{self.message}"


class Unreadable(Exception):
    """The file is missing, is not text or is not YAML: the message says which, and where."""


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of the file: a text, a list or a table. ``plain`` is what a rule kind reads."""

    place: Place
    path: tuple[str, ...]

    def problem(self, message: str) -> Problem:
        """What is wrong with this node."""
        return Problem(self.place, " > ".join(self.path), french(message))

    @property
    def plain(self) -> object:
        """The node as texts, lists and dictionaries."""
        raise NotImplementedError

    @property
    def inside(self) -> "tuple[Node, ...]":
        """The nodes in it."""
        return ()

    def named_in(self, message: str) -> "Node":
        """The text in it that the message quotes, where the eye must go; itself when none is."""
        for one in self.inside:
            if isinstance(one, Text) and one.value and f"« {one.value} »" in message.replace(NBSP, " "):
                return one
            deeper = one.named_in(message)
            if deeper is not one:
                return deeper
        return self

    def at(self, *path: str | int) -> "Node":
        """The node under these keys; the deepest there is where they lead nowhere."""
        node: Node = self
        for step in path:
            if isinstance(node, Table) and str(step) in node.values:
                node = node.values[str(step)]
            elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            else:
                break
        return node


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A scalar, as written; None where nothing is."""

    value: str | None

    @property
    def plain(self) -> object:
        return self.value


@dataclass(frozen=True, slots=True)
class Listing(Node):
    """A list."""

    items: tuple[Node, ...]

    @property
    def plain(self) -> object:
        return [item.plain for item in self.items]

    @property
    def inside(self) -> tuple[Node, ...]:
        return self.items


@dataclass(frozen=True, slots=True)
class Table(Node):
    """Keys and values; ``keys`` holds where each key stands."""

    values: dict[str, Node]
    keys: dict[str, Text]

    @property
    def plain(self) -> object:
        return {key: value.plain for key, value in self.values.items()}

    @property
    def inside(self) -> tuple[Node, ...]:
        return tuple(one for key, value in self.values.items() for one in (self.keys[key], value))


def read_file(path: Path) -> str:
    """The file's text. Raises Unreadable."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"Le fichier {path} ne peut pas être lu ({error.strerror}).") from error
    if len(content) > MAX_BYTES:
        raise Unreadable(
            f"Le fichier {path} dépasse {MAX_BYTES // 1_000_000} Mo : ce n’est pas un règlement."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"Le fichier {path} n’est pas en UTF-8 : enregistrez-le dans ce format.") from error


def parse(text: str) -> tuple[Table, list[Problem]]:
    """The tree of a file, and the keys written twice. Raises Unreadable when it is no YAML table."""
    try:
        root = YAML().compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", ligne {mark.line + 1}, colonne {mark.column + 1}" if mark else ""
        raise Unreadable(
            f"Ce n’est pas du YAML{where} : vérifiez l’alignement, les crochets et les guillemets ; une "
            "phrase qui contient « : » se met entre guillemets."
        ) from error
    except YAMLError as error:
        raise Unreadable(f"Ce n’est pas du YAML : {error}.") from error
    if not isinstance(root, MappingNode):
        raise Unreadable("Le fichier ne contient pas de rubriques : commencez par « town: ».")
    problems: list[Problem] = []
    return _table(root, (), problems, (id(root),)), problems


def _node(raw: Any, path: tuple[str, ...], problems: list[Problem], above: tuple[int, ...]) -> Node:
    place = Place(raw.start_mark.line + 1, raw.start_mark.column + 1)
    if id(raw) in above or len(above) > MAX_DEPTH:
        raise Unreadable(f"Ligne {place.line} : les rubriques s’emboîtent sans fin.")
    above = (*above, id(raw))
    if isinstance(raw, ScalarNode):
        quoted = raw.style in ("'", '"', "|", ">")
        # The library marks where a folded text was folded.
        value = str(raw.value).replace("\a", "")
        return Text(place, path, None if not quoted and value in NULLS else value)
    if isinstance(raw, SequenceNode):
        items = (
            _node(item, (*path, f"n° {rank}"), problems, above) for rank, item in enumerate(raw.value, 1)
        )
        return Listing(place, path, tuple(items))
    return _table(raw, path, problems, above)


def _table(raw: Any, path: tuple[str, ...], problems: list[Problem], above: tuple[int, ...]) -> Table:
    place = Place(raw.start_mark.line + 1, raw.start_mark.column + 1)
    values: dict[str, Node] = {}
    keys: dict[str, Text] = {}
    for key, value in _pairs(raw, path, problems):
        if key.value in keys:
            first = keys[key.value].place.line
            problems.append(
                key.problem(f"« {key.value} » est écrit deux fois (déjà ligne {first}) : retirez-en un.")
            )
            continue
        keys[key.value] = key
        node = _node(value, (*path, key.value), problems, above)
        # Nothing written: YAML puts it at the next line, a person looks for it at the key.
        values[key.value] = Text(key.place, node.path, None) if node.plain is None else node
    return Table(place, path, values, keys)


def _pairs(
    raw: MappingNode, path: tuple[str, ...], problems: list[Problem]
) -> Iterator[tuple["_Key", object]]:
    for key, value in raw.value:
        place = Place(key.start_mark.line + 1, key.start_mark.column + 1)
        if not isinstance(key, ScalarNode):
            problems.append(_Key(place, path, "?").problem("Une clé est un mot : retirez les crochets."))
            continue
        yield _Key(place, (*path, str(key.value)), str(key.value)), value


@dataclass(frozen=True, slots=True)
class _Key(Text):
    value: str

"""Five hundred broken files: each is refused with a line and a remedy, and nothing of it is applied.

Made from the files of the towns, one fault each: a key that nobody knows, a text where a table goes, a
value that is none of its sort. Hypothesis then tears lines apart: whatever comes, an answer comes back.
"""

import random
from collections.abc import Iterator
from datetime import date
from io import StringIO
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Facility, HistoryEntry, Rule
from app.services.rulebook import Unreadable, apply, check_text
from app.services.rulebook.source import parse
from tests.support.coverage import file_of, towns

TODAY = date(2026, 11, 27)
HOW_MANY = 500
FREE = {
    "name",
    "says",
    "title",
    "text",
    "label",
    "help",
    "phrase",
    "reason",
    "choices",
    "description",
    "remedy",
}
"""Keys whose values are words of the town's own: any text is right."""
FREE_PLACES = {"town", "mail_texts", "vaccines", "health_words"}
UNKNOWN, WRONG = "clef-inconnue", "§ pas une valeur §"

Path = tuple[str | int, ...]


def tables(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every table of a tree."""
    if isinstance(value, dict):
        yield path
        for key, one in value.items():
            yield from tables(one, (*path, key))
    elif isinstance(value, list):
        for rank, one in enumerate(value):
            yield from tables(one, (*path, rank))


def scalars(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every value that must be of a sort: a date, a number, a choice, a code."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key not in FREE:
                yield from scalars(one, (*path, key))
    elif isinstance(value, list):
        for rank, one in enumerate(value):
            yield from scalars(one, (*path, rank))
    elif value is not None:
        yield path


def at(tree: Any, path: Path) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def faults() -> list[tuple[str, str, Path]]:
    """(town, fault, where): five hundred of all there are, always the same."""
    found = []
    for town in towns():
        tree = parse(file_of(town).read_text(encoding="utf-8"))[0].plain
        found += [(town, "a key that nobody knows", path) for path in tables(tree)]
        found += [(town, "a text for a table", path) for path in tables(tree) if path]
        found += [
            (town, "no value of its sort", path) for path in scalars(tree) if path[0] not in FREE_PLACES
        ]
    return random.Random(500).sample(found, HOW_MANY)  # noqa: S311  (the same each time)


def broken(town: str, fault: str, path: Path) -> str:
    tree: Any = parse(file_of(town).read_text(encoding="utf-8"))[0].plain
    if fault == "a key that nobody knows":
        at(tree, path)[UNKNOWN] = "oui"
    else:
        at(tree, path[:-1])[path[-1]] = WRONG
    out = StringIO()
    writer = YAML()
    writer.width = 4096
    writer.dump(tree, out)
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize(("town", "fault", "path"), faults())
def test_each_is_refused_with_a_line_and_a_remedy(town: str, fault: str, path: Path) -> None:
    text = broken(town, fault, path)
    checked = check_text(text, TODAY)
    assert checked.problems, text
    for one in checked.problems:
        assert 1 <= one.place.line <= text.count("\n") + 1
        assert one.place.column >= 1
        assert one.message.strip()[-1] in ".?", one.message
    lines = text.splitlines()
    wrong = UNKNOWN if fault == "a key that nobody knows" else WRONG
    told = {one.place.line for one in checked.problems}
    where = {rank for rank, line in enumerate(lines, 1) if wrong in line}
    near = {rank for line in where for rank in (line - 1, line, line + 1)}
    assert told & near or any(str(path[-1]) in one.path for one in checked.problems if path), (told, where)
    with pytest.raises(ValueError, match="corrigez-les"):
        apply(checked.draft, TODAY)


def test_nothing_of_them_is_applied(app: Flask) -> None:
    for town, fault, path in faults()[:40]:
        with pytest.raises(ValueError, match="corrigez-les"):
            apply(check_text(broken(town, fault, path), TODAY).draft, TODAY)
    with unscoped("vérification"):
        for entity in (Facility, Rule, HistoryEntry):
            assert db.session.scalar(select(func.count()).select_from(entity)) == 0


LINES = file_of("vailhauques").read_text(encoding="utf-8").splitlines()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(LINES) - 1),
            st.sampled_from(["cut", "twice", "indent", "half"]) | st.text(max_size=20),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_is_torn_an_answer_comes_back(tears: list[tuple[int, str]]) -> None:
    lines = list(LINES)
    for rank, tear in tears:
        line = lines[rank]
        lines[rank] = {
            "cut": "",
            "twice": f"{line}\n{line}",
            "indent": f"   {line}",
            "half": line[: len(line) // 2],
        }.get(tear, f"{line}{tear}")
    text = "\n".join(lines)
    try:
        checked = check_text(text, TODAY)
    except Unreadable:
        return
    for one in checked.problems:
        assert 1 <= one.place.line <= text.count("\n") + 2
        assert one.message.strip()

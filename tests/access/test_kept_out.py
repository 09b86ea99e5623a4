"""What the hooks of the session do not see is kept out of the code, but where a reason is written here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import config

APP = config.ROOT / "app"
KEPT_OUT = {
    "get": "Session.get may answer from memory without asking",
    "get_one": "the same",
    "get_or_404": "the same",
    "merge": "writes a row that nobody read",
    "exec_driver_sql": "SQL as text carries no entity",
    "bulk_insert_mappings": "reaches the database without the hooks",
    "bulk_update_mappings": "reaches the database without the hooks",
    "bulk_save_objects": "reaches the database without the hooks",
    "connection": "a bare connection has no viewer",
    "from_statement": "SQL of one's own carries no entity",
    "text": "SQL as text carries no entity",
    "literal_column": "SQL as text carries no entity",
    "__table__": "a bare table carries no entity",
}
ALLOWED = {
    ("app/access/database.py", "exec_driver_sql"): "how a transaction begins on SQLite",
    ("app/access", "connection"): "the hooks' own writes, in the flush or the statement that causes them",
    ("app/access", "__table__"): "the criteria themselves, and the history's own table",
    ("app/entities/booking.py", "text"): "the condition of an index",
    ("app/services/records.py", "__table__"): "names of columns; counts that are unscoped, with their reason",
    ("app/services/batches.py", "__table__"): "names of columns; what holds rows, unscoped, with its reason",
    ("app/services/billing_run.py", "text"): "PostgreSQL's advisory lock reads no row",
    ("app/services/billing_sums.py", "connection"): "a year of squares of the whole town, unscoped",
    ("app/services/catalogue.py", "connection"): "the town's public settings, unscoped",
    ("app/services/demo/batch.py", "text"): "PostgreSQL's sequences after rows with numbers",
    (
        "app/services/rulebook/apply.py",
        "__table__",
    ): "the order of tables; openings by the thousand, unscoped",
    ("app/services/rulebook/schema.py", "__table__"): "whether a column may be empty",
    (
        "app/services/refused_requests.py",
        "__table__",
    ): "a write of its own (``database.mark``), of the household asking",
    ("app/services/threads.py", "__table__"): "« read », put on a row that was just read in reach",
    ("app/screens/builder/filters.py", "__table__"): "whether a column may be empty",
    ("app/screens/builder/forms.py", "__table__"): "a column's default",
}


def uses(path: Path) -> Iterator[tuple[str, int]]:
    """Each use of a word that is kept out, and its line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr in KEPT_OUT:
            if node.attr in {"get", "merge"} and ast.unparse(node.value) not in {
                "db.session",
                "db.session()",
            }:
                continue  # a dictionary's
            if node.attr == "text" and not ast.unparse(node.value).endswith(("sqlalchemy", "sa")):
                continue  # a label's, a cell's
            yield node.attr, node.lineno
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            yield from ((one.name, node.lineno) for one in node.names if one.name in KEPT_OUT)


def allowance(path: Path, word: str) -> tuple[str, str] | None:
    name = path.relative_to(config.ROOT).as_posix()
    return next((key for key in ALLOWED if name.startswith(key[0]) and word == key[1]), None)


@pytest.mark.parametrize("path", sorted(APP.rglob("*.py")), ids=lambda path: path.relative_to(APP).as_posix())
def test_nothing_goes_round_the_scope(path: Path) -> None:
    found = [
        f"line {line}: {word}, {KEPT_OUT[word]}" for word, line in uses(path) if not allowance(path, word)
    ]
    assert found == []


def test_every_allowance_is_still_used() -> None:
    used = {allowance(path, word) for path in APP.rglob("*.py") for word, _ in uses(path)}
    assert set(ALLOWED) - used == set()


def test_a_way_round_would_be_seen(tmp_path: Path) -> None:
    sly = tmp_path / "sly.py"
    sly.write_text(
        "from sqlalchemy import text\nx = db.session.get(Family, 1)\ny = Family.__table__\nd.get(1)\n"
    )
    assert {word for word, _ in uses(sly)} == {"text", "get", "__table__"}

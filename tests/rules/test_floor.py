"""The floor itself: the standard library alone, no clock, no file past 400 lines."""

import ast
import sys
from pathlib import Path

import pytest

FLOOR = Path(__file__).resolve().parents[2] / "app" / "rules"
FILES = sorted(FLOOR.rglob("*.py"))


def imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.add(node.module or "")
    return found


def test_the_floor_has_files() -> None:
    assert len(FILES) > 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FLOOR)))
def test_rules_import_the_standard_library_and_rules_alone(path: Path) -> None:
    for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
        assert name.startswith("app.rules") or name.partition(".")[0] in sys.stdlib_module_names, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FLOOR)))
def test_rules_never_read_the_clock_nor_a_file(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            assert name not in {
                "now",
                "today",
                "utcnow",
                "time_ns",
                "monotonic",
                "open",
                "getenv",
                "print",
            }, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FLOOR)))
def test_no_file_is_past_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400

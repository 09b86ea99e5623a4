"""``flask rulebook check`` and ``apply``: what they answer, to people and to programs."""

import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Facility

REAL = Path("communes/le-touvet.yaml")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """The real file with an unknown choice."""
    path = tmp_path / "ville.yaml"
    path.write_text(
        REAL.read_text(encoding="utf-8").replace("kind: canteen", "kind: canten"), encoding="utf-8"
    )
    return path


def facilities() -> int:
    with unscoped("test"):
        return db.session.scalar(select(func.count()).select_from(Facility)) or 0


def test_a_sound_file_answers_0(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["rulebook", "check", str(REAL)])
    assert done.exit_code == 0
    assert "rien à corriger" in done.output


def test_a_broken_file_answers_1_with_line_and_column(app: Flask, broken: Path) -> None:
    done = app.test_cli_runner().invoke(args=["rulebook", "check", str(broken)])
    line = broken.read_text(encoding="utf-8").split("kind: canten")[0].count("\n") + 1
    assert done.exit_code == 1
    assert f"{broken}:{line}:11:" in done.output


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_an_unreadable_file_answers_2(app: Flask, tmp_path: Path, as_json: list[str]) -> None:
    done = app.test_cli_runner().invoke(args=["rulebook", "check", str(tmp_path / "absent.yaml"), *as_json])
    assert done.exit_code == 2


def test_json_lists_the_same_problems(app: Flask, broken: Path) -> None:
    done = app.test_cli_runner().invoke(args=["rulebook", "check", str(broken), "--json"])
    told = json.loads(done.output)
    assert (done.exit_code, told["ok"]) == (1, False)
    assert [one["path"] for one in told["problems"]] == ["facilities > restaurant > kind"]


def test_apply_refuses_a_broken_file_and_writes_nothing(app: Flask, broken: Path) -> None:
    done = app.test_cli_runner().invoke(args=["rulebook", "apply", str(broken)])
    assert done.exit_code == 1
    assert facilities() == 0


def test_apply_says_what_it_did_then_that_nothing_changes(app: Flask) -> None:
    run = app.test_cli_runner()
    assert "lignes créées" in run.invoke(args=["rulebook", "apply", str(REAL)]).output
    assert "rien à changer" in run.invoke(args=["rulebook", "apply", str(REAL)]).output
    assert facilities() == 5

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


def run(app: Flask, *args: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["rulebook", *args])
    return done.exit_code, done.output.replace("\u00a0", " ")


def test_one_line_is_said_in_the_singular(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "ville.yaml"
    path.write_text("town: {town_name: Ici}\n", encoding="utf-8")
    assert run(app, "check", str(path)) == (0, f"{path} : rien à corriger (1 ligne de réglages).\n")
    assert run(app, "apply", str(path)) == (0, "Règlement appliqué : 1 ligne créée.\n")
    said = "Règlement appliqué : rien à changer (1 ligne déjà en place).\n"
    assert run(app, "apply", str(path)) == (0, said)


def test_a_failed_example_answers_1(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "ville.yaml"
    text = REAL.read_text(encoding="utf-8").replace(
        "{days: 7, gate: cancelling}", "{days: 5, gate: cancelling}"
    )
    path.write_text(text, encoding="utf-8")
    code, said = run(app, "check", str(path))
    assert code == 1
    assert "vacances-a-annuler > expect > refused_by" in said and "obtenu : accepté" in said


def test_a_plan_then_an_application_then_nothing_to_change(app: Flask, broken: Path, tmp_path: Path) -> None:
    assert run(app, "plan", str(broken))[0] == 1
    code, said = run(app, "plan", str(REAL))
    assert (code, facilities()) == (0, 0)
    assert "+ Structure « Multi-accueil »" in said and "Jours d’ouverture" in said
    code, said = run(app, "plan", str(REAL), "--json")
    told = json.loads(said)
    assert {one["what"] for one in told["changes"]} == {"created"} and told["openings"]["created"] > 1000
    code, said = run(app, "apply", str(REAL), "--json")
    assert json.loads(said)["counts"]["Facility"]["created"] == 5
    assert run(app, "plan", str(REAL)) == (0, "Rien à changer.\n")
    assert run(app, "export", str(tmp_path / "sortie.yaml"))[0] == 0
    assert run(app, "plan", str(tmp_path / "sortie.yaml")) == (0, "Rien à changer.\n")
    assert run(app, "export")[1] == (tmp_path / "sortie.yaml").read_text(encoding="utf-8").replace(
        "\u00a0", " "
    )


def test_printed_it_says_every_rule_and_needs_no_database(app: Flask, tmp_path: Path) -> None:
    with unscoped("test"):
        db.drop_all()
    page, paper = tmp_path / "r.html", tmp_path / "r.pdf"
    assert run(app, "print", str(REAL), str(page))[0] == 0
    text = page.read_text(encoding="utf-8").replace("\u00a0", " ")
    for told in (
        "Annulable jusqu’à 7 jours avant, 24 h",
        "Article 4.4.",
        "Le mercredi aux Grappaloups : le matin se réserve avec le repas.",
        "En période scolaire : lundi, mardi, jeudi et vendredi.",
        "de 400 € à moins de 600 €",
        "Attestation d’assurance ; chaque année scolaire ; obligatoire pour s’inscrire.",
        "Fermeture de Noël",
    ):
        assert told in text or told[:1].lower() + told[1:] in text, told
    assert run(app, "print", str(REAL), str(paper))[0] == 0
    assert paper.read_bytes().startswith(b"%PDF")
    assert run(app, "print", str(REAL), str(tmp_path / "r.doc"))[0] == 1
    assert run(app, "print", str(REAL), str(tmp_path / "absent" / "r.pdf"))[0] == 1

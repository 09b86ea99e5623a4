"""*Mes données*: everything of one's own household and nothing of anybody else's, files included."""

import json
from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZipFile

import pytest

from app.access.database import db
from app.access.viewer import unscoped
from app.models import HealthRecord, Message, Thread
from app.services import clock, files
from app.services.files import PDF
from tests.people import Town

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def written(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message with a file in each household, and a health record."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with town.app.app_context(), unscoped("ce que le test raconte"):
        for code, word in (("A", "Violette"), ("B", "Mimosa")):
            thread = Thread(
                family_id=town.families[code],
                facility_id=town.facilities["restaurant"],
                subject=f"Objet {word}",
                last_at=NOW,
            )
            file = files.keep(f"octets {word}".encode(), f"{word}.pdf", PDF)
            db.session.add(
                Message(thread=thread, author="Parent", body=f"Corps {word}", file=file, sent_at=NOW)
            )
        db.session.add(HealthRecord(child_id=town.people["lila"], doctor_name="Dr Gravouille"))
        db.session.commit()


def opened(town: Town, who: str) -> ZipFile:
    answer = town.client(who).post("/mes-donnees/fichier")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return ZipFile(BytesIO(answer.data))


def whole(packed: ZipFile) -> str:
    return "\n".join(packed.read(name).decode() for name in packed.namelist()) + "\n".join(packed.namelist())


def test_the_household_s_rows_and_files_are_there(town: Town) -> None:
    packed = opened(town, "claire")
    assert packed.testzip() is None
    told = json.loads(packed.read("famille.json"))["fiches"]
    assert {"Familles", "Personnes", "Messages", "Fiches santé"} <= set(told)
    (message,) = told["Messages"]
    assert message["body"] == "Corps Violette"
    assert packed.read(message["file"]["fichier"]) == b"octets Violette"
    page = packed.read("lisez-moi.html").decode()
    assert "Dr Gravouille" in page
    assert "Corps Violette" in page


def test_nothing_of_another_household_nor_of_the_service_s_own(town: Town) -> None:
    assert "Mimosa" not in whole(opened(town, "claire"))
    other = whole(opened(town, "denis"))
    assert "Violette" not in other
    assert "Gravouille" not in other
    assert "password" not in other


def test_a_parent_of_two_households_gets_the_one_in_view(town: Town) -> None:
    text = whole(opened(town, "paul"))
    assert ("Violette" in text) != ("Mimosa" in text)


def test_it_is_asked_for_by_a_button_that_only_parents_have(town: Town) -> None:
    assert 'action="/mes-donnees/fichier"' in town.client("claire").get("/mes-donnees/").text
    assert 'href="/mes-donnees/"' in town.client("claire").get("/ma-famille").text
    assert town.client("claire").get("/mes-donnees/fichier").status_code == 405
    assert town.client("desk").post("/mes-donnees/fichier").status_code in (403, 404)
    assert town.client(None).post("/mes-donnees/fichier").status_code == 302


def test_a_lost_file_is_said_and_the_rest_is_there(town: Town) -> None:
    with town.app.app_context(), unscoped("un disque abîmé"):
        for one in db.session.query(Message):
            files.open_path(one.file).unlink()  # type: ignore[arg-type]
    assert "fichier introuvable" in whole(opened(town, "claire"))

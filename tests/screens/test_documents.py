"""*Mes documents*: what a parent sees, sends and reaches; what nobody else does."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import FileRef
from app.entities.family import MemberKind
from app.entities.paperwork import DocumentStatus, Subject
from app.models import Document, Membership, Person
from app.rules.words import NBSP
from app.services import clock, documents, files
from tests.people import Town
from tests.support import papers
from tests.support.papers import NOW, ask_for, give, register
from tests.support.sql import count_statements


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def pdf() -> bytes:
    with pikepdf.new() as made:
        made.add_blank_page()
        out = BytesIO()
        made.save(out)
        return out.getvalue()


@pytest.fixture
def kept(town: Town, monkeypatch: pytest.MonkeyPatch) -> FileRef:
    """A file really there, given to every document that the test makes."""
    ref = files.keep(pdf(), "assurance.pdf", "application/pdf")
    monkeypatch.setattr(papers, "FILE", ref)
    return ref


def send(
    client: FlaskClient, kind: int, who: int | str, content: bytes, query: str = "", name: str = "a.pdf"
) -> Any:
    form = {"piece": kind, "de": who, "file": (BytesIO(content), name)}
    return client.post(f"/documents/{query}", data=form, content_type="multipart/form-data")


def all_documents() -> list[Document]:
    with unscoped("lecture des tests"):
        return list(db.session.scalars(select(Document).order_by(Document.id)))


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True)).replace(NBSP, " ")


# --- The page ------------------------------------------------------------------------------------


def test_the_page_opens_on_the_first_tab_where_something_is_expected(town: Town) -> None:
    kind = ask_for("assurance")
    register(town, "A", "lila", "cantine")
    page = text(town.client("claire").get("/documents/"))
    assert "Pas encore reçu" in page
    assert f'name="de" value="{town.people["lila"]}"' in page
    assert f'id="photo-{kind}-{town.people["lila"]}"' in page and 'capture="environment"' in page
    assert "Tom" not in page


def test_a_household_without_any_demand_is_told_so(town: Town) -> None:
    assert "Rien n’est demandé ici" in text(town.client("claire").get("/documents/"))


def test_a_refusal_shows_its_reason_and_how_to_send_again(town: Town) -> None:
    kind = ask_for("assurance")
    register(town, "A", "lila", "cantine")
    give(town, kind, "A", "lila", DocumentStatus.REFUSED, reason="On ne lit <b>rien</b>.", decided_at=NOW)
    page = text(town.client("claire").get("/documents/"))
    assert "« On ne lit &lt;b&gt;rien&lt;/b&gt;. »" in page
    assert "Refusé le lundi 23 novembre" in page
    assert f'id="file-{kind}-{town.people["lila"]}"' in page


def test_an_unknown_tab_shows_the_first_one(town: Town) -> None:
    answer = town.client("claire").get(f"/documents/?qui={town.people['tom']}")
    assert answer.status_code == 200 and "Tom" not in text(answer)


# --- Sending -------------------------------------------------------------------------------------


def test_a_file_sent_waits_for_staff_and_the_page_says_so(town: Town) -> None:
    kind = ask_for("assurance", name="Assurance scolaire")
    register(town, "A", "lila", "cantine")
    client = town.client("claire")
    answer = send(client, kind, town.people["lila"], pdf(), name="Assurance Lila.pdf")
    assert answer.status_code == 302 and answer.location.endswith(f"/documents/?qui={town.people['lila']}")
    page = text(client.get(answer.location))
    assert "Nous avons reçu « Assurance scolaire 2026-2027 »" in page and "à vérifier" in page
    (one,) = all_documents()
    assert one.file is not None
    assert (one.file.name, one.status, one.received_at) == (
        "Assurance Lila.pdf",
        DocumentStatus.RECEIVED,
        NOW,
    )


def test_a_photograph_comes_in_by_its_own_button(town: Town) -> None:
    from PIL import Image

    kind = ask_for("domicile", Subject.FAMILY)
    out = BytesIO()
    Image.new("RGB", (300, 200)).save(out, "JPEG")
    out.seek(0)
    form = {"piece": kind, "de": "foyer", "photo": (out, "IMG_1.JPG")}
    answer = town.client("claire").post("/documents/", data=form, content_type="multipart/form-data")
    assert answer.status_code == 302
    assert all_documents()[0].person_id is None


def test_several_tries_leave_one_document_that_waits(town: Town) -> None:
    kind = ask_for("assurance")
    register(town, "A", "lila", "cantine")
    client = town.client("claire")
    for name in ("un.pdf", "deux.pdf", "trois.pdf"):
        assert send(client, kind, town.people["lila"], pdf(), name=name).status_code == 302
    (one,) = all_documents()
    assert one.file is not None and one.file.name == "trois.pdf"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"MZ\x90\x00" + bytes(100), "ce type de fichier"),
        (b"", "vide"),
        (b"%PDF-1.7\n<script>alert(1)</script>", "abîmé"),
        (bytes(100_001), "la limite est de 0,1 Mo"),
    ],
)
def test_a_refused_file_is_told_beside_its_button_and_leaves_nothing(
    town: Town, content: bytes, said: str
) -> None:
    town.app.config["FILES_MAX_BYTES"] = 100_000
    kind = ask_for("assurance")
    register(town, "A", "lila", "cantine")
    answer = send(town.client("claire"), kind, town.people["lila"], content)
    assert answer.status_code == 422
    assert said in text(answer) and 'role="alert"' in text(answer)
    assert all_documents() == []


def test_sending_without_a_file_says_that_it_is_missing(town: Town) -> None:
    kind = ask_for("domicile", Subject.FAMILY)
    answer = town.client("claire").post("/documents/", data={"piece": kind, "de": "foyer"})
    assert answer.status_code == 422 and "vide" in text(answer)


def test_the_way_back_to_the_registration_is_kept(town: Town) -> None:
    kind = ask_for("assurance")
    lila, lunch = town.people["lila"], town.activities["cantine"]
    query = f"?qui={lila}&enfant={lila}&pour={lunch}"
    client = town.client("claire")
    assert "Avant de demander l’inscription" in text(client.get(f"/documents/{query}"))
    answer = send(client, kind, lila, pdf(), query)
    page = text(client.get(answer.location))
    assert f"/inscriptions/demande?enfant={lila}&amp;activite={lunch}" in page


def test_killed_before_the_row_is_committed_only_a_file_is_left_and_it_goes_later(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = ask_for("domicile", Subject.FAMILY)

    def killed(*given: object) -> None:
        raise SystemExit

    monkeypatch.setattr(documents, "hand_in", killed)
    with pytest.raises(SystemExit):
        send(town.client("claire"), kind, "foyer", pdf())
    monkeypatch.undo()
    db.session.rollback()
    assert all_documents() == []
    left = [path for path in Path(town.app.config["FILES_DIR"]).rglob("*") if path.is_file()]
    assert len(left) == 1
    written = datetime.fromtimestamp(left[0].stat().st_mtime, UTC)
    assert files.remove_orphans(written + timedelta(hours=23)) == 0
    assert files.remove_orphans(written + timedelta(hours=25)) == 1
    assert not left[0].exists()


# --- Doors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        ("claire", True),
        ("paul", True),
        ("denis", False),
        ("desk", False),
        ("configurator", False),
        (None, False),
    ],
)
def test_a_file_is_served_to_the_household_alone(
    town: Town, kept: FileRef, who: str | None, shown: bool
) -> None:
    kind = ask_for("assurance")
    mine = give(town, kind, "A", "lila", DocumentStatus.VALID)
    answer = town.client(who).get(f"/documents/{mine}/fichier")
    assert answer.status_code == (200 if shown else 302 if who is None else 404)
    if shown:
        assert answer.headers["Content-Security-Policy"] == files.FRAMED
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.get_data().startswith(b"%PDF-")
        kept_one = town.client(who).get(f"/documents/{mine}/fichier?telecharger=1")
        assert kept_one.headers["Content-Disposition"].startswith("attachment")


def test_the_other_household_of_a_shared_child_reaches_none_of_its_files(town: Town, kept: FileRef) -> None:
    kind = ask_for("assurance")
    theirs = give(town, kind, "B", "zoe", DocumentStatus.VALID)
    assert town.client("claire").get(f"/documents/{theirs}/fichier").status_code == 404
    assert town.client("denis").get(f"/documents/{theirs}/fichier").status_code == 200


def test_nothing_is_handed_in_for_what_is_not_asked_of_this_household(town: Town) -> None:
    kind = ask_for("assurance")
    elsewhere = ask_for("mercredi", activity_id=town.activities["mercredi"])
    register(town, "A", "lila", "cantine")
    register(town, "B", "tom", "cantine")
    client, lila, tom = town.client("claire"), town.people["lila"], town.people["tom"]
    for piece, who in (
        (kind, tom),
        (kind, town.people["claire"]),
        (kind, "foyer"),
        (elsewhere, lila),
        (9999, lila),
    ):
        assert send(client, piece, who, pdf()).status_code == 404
    assert (
        send(client, kind, tom, pdf(), f"?enfant={tom}&pour={town.activities['cantine']}").status_code == 404
    )
    assert all_documents() == []


@pytest.mark.parametrize(("who", "code"), [("desk", 404), (None, 302)])
def test_staff_and_strangers_have_no_documents_of_their_own(town: Town, who: str | None, code: int) -> None:
    assert town.client(who).get("/documents/").status_code == code
    assert town.client(who).post("/documents/").status_code == code


# --- Cost ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("children", [1, 6])
def test_the_page_costs_at_most_twelve_statements(town: Town, children: int) -> None:
    kinds = [ask_for(f"piece-{n}") for n in range(5)]
    with unscoped("une grande famille"):
        for n in range(children):
            child = Person(first_name=f"Enfant{n}", last_name="Martin")
            db.session.add(
                Membership(family_id=town.families["A"], person=child, member_kind=MemberKind.CHILD)
            )
            db.session.commit()
            town.people[f"enfant{n}"] = child.id
    for n in range(children):
        register(town, "A", f"enfant{n}", "cantine")
        for kind in kinds:
            give(town, kind, "A", f"enfant{n}", DocumentStatus.VALID)
    client = town.client("claire")
    client.get(f"/documents/?qui={town.people['enfant0']}")  # the catalogue is then in memory
    db.session.remove()
    with count_statements() as seen:
        assert client.get(f"/documents/?qui={town.people['enfant0']}").status_code == 200
    assert len(seen) <= 8, "\n".join(seen)

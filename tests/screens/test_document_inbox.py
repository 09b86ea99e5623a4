"""Documents to check: the queue, the decisions, and who may take them."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import RegistrationStatus
from app.entities.paperwork import DocumentStatus, Validity
from app.models import Deferral, Document, OutgoingMail, Registration
from app.rules.words import NBSP
from app.services import clock, files
from tests.people import Town
from tests.support import papers
from tests.support.papers import NOW, TODAY, ask_for, give, register, set_activity
from tests.support.sql import count_statements

BASE = "/service/documents-a-verifier"


@pytest.fixture(autouse=True)
def today(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with pikepdf.new() as made:
        made.add_blank_page()
        out = BytesIO()
        made.save(out)
    ref = files.keep(out.getvalue(), "assurance.pdf", "application/pdf")
    monkeypatch.setattr(papers, "FILE", ref)


def waits(
    town: Town, family: str = "A", child: str = "lila", code: str = "assurance", hours: int = 1, **kind: Any
) -> int:
    return give(
        town,
        ask_for(code, **kind),
        family,
        child,
        DocumentStatus.RECEIVED,
        received_at=NOW - timedelta(hours=hours),
    )


def read(document_id: int) -> Document:
    with unscoped("lecture des tests"):
        db.session.expire_all()
        return db.session.scalars(select(Document).where(Document.id == document_id)).one()


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True)).replace(NBSP, " ")


def test_the_oldest_comes_first_with_its_file_its_household_and_what_it_stops(town: Town) -> None:
    waits(town, "B", "tom", "caf", hours=1)
    oldest = waits(town, hours=5)
    register(town, "A", "lila", "cantine")
    page = text(town.client("desk").get(f"{BASE}/"))
    assert "2 documents" in page and " · bloque" in page
    assert f'<iframe class="paper-file" src="{BASE}/{oldest}/fichier"' in page
    assert "Claire Martin" in page and "Cantine" in page and 'value="2027-08-31"' in page


def test_an_empty_queue_says_so(town: Town) -> None:
    assert "Tout est vérifié" in text(town.client("desk").get(f"{BASE}/"))


def test_validating_leads_to_the_next_one(town: Town) -> None:
    first, second = waits(town, hours=3), waits(town, "B", "tom", "caf", hours=2)
    client = town.client("desk")
    answer = client.post(f"{BASE}/{first}/valider", data={"seen": 1, "valid_until": "2027-06-30"})
    assert answer.status_code == 302 and answer.location.endswith(f"{BASE}/{second}")
    one = read(first)
    assert (one.status, str(one.valid_until), one.decided_by) == (
        DocumentStatus.VALID,
        "2027-06-30",
        town.viewer("desk").name,
    )
    answer = client.post(f"{BASE}/{second}/valider", data={"seen": 1})
    assert answer.location.endswith(f"{BASE}/")
    assert str(read(second).valid_until) == "2027-08-31"


def test_refusing_joins_the_chosen_reason_and_the_free_words(town: Town) -> None:
    one = waits(town)
    client = town.client("desk")
    answer = client.post(f"{BASE}/{one}/refuser", data={"seen": 1, "reason": "page", "more": " Le verso. "})
    assert answer.status_code == 302
    assert read(one).reason == "Il manque une page. Le verso."
    with unscoped("lecture des tests"):
        assert len(db.session.scalars(select(OutgoingMail)).all()) == 2


@pytest.mark.parametrize(
    ("action", "form", "said"),
    [
        ("refuser", {"more": "  "}, "Dites pourquoi"),
        ("refuser", {"reason": "inconnu"}, "Dites pourquoi"),
        ("refuser", {"more": "x" * 601}, "600 signes"),
        ("valider", {"valid_until": "31/02/2027", "more": "Mes mots"}, "Écrivez une date"),
        ("valider", {"valid_until": "2020-01-01", "more": "Mes mots"}, "est passé"),
        ("delai", {"deferred_until": "", "deferred_reason": "Assureur"}, "Écrivez une date"),
        ("delai", {"deferred_until": "2030-01-01", "deferred_reason": "Assureur"}, "un an au plus"),
    ],
)
def test_a_decision_that_cannot_be_is_explained_and_nothing_typed_is_lost(
    town: Town, action: str, form: dict[str, str], said: str
) -> None:
    one = waits(town)
    answer = town.client("desk").post(f"{BASE}/{one}/{action}", data={"seen": 1, **form})
    page = text(answer)
    assert answer.status_code == 422 and said in page
    assert all(words in page for words in form.values() if words.strip() and words != "inconnu")
    assert read(one).status is DocumentStatus.RECEIVED


def test_the_second_of_two_colleagues_reads_who_decided(town: Town) -> None:
    one = waits(town)
    town.client("head").post(f"{BASE}/{one}/valider", data={"seen": 1})
    answer = town.client("desk").post(f"{BASE}/{one}/refuser", data={"seen": 1, "reason": "page"})
    assert answer.status_code == 422
    assert f"déjà validé par {town.viewer('head').name}" in text(answer)
    assert read(one).status is DocumentStatus.VALID


def test_granting_a_delay_leaves_the_document_to_decide_and_lets_the_child_in(town: Town) -> None:
    set_activity(town, "cantine", accepts_alone=True)
    one = waits(town)
    asked = register(town, "A", "lila", "cantine", status=RegistrationStatus.ASKED)
    until_on = (TODAY + timedelta(days=30)).isoformat()
    answer = town.client("desk").post(f"{BASE}/{one}/delai", data={"deferred_until": until_on})
    assert answer.location.endswith(f"{BASE}/{one}")
    with unscoped("lecture des tests"):
        assert db.session.scalars(select(Deferral)).one().person_id == town.people["lila"]
        row = db.session.scalars(select(Registration).where(Registration.id == asked)).one()
        assert row.status is RegistrationStatus.ACCEPTED


def test_an_earlier_refusal_is_shown_beside_the_new_file(town: Town) -> None:
    kind = ask_for("assurance")
    give(
        town, kind, "A", "lila", DocumentStatus.REFUSED, reason="Floue.", received_at=NOW - timedelta(days=3)
    )
    give(town, kind, "A", "lila", DocumentStatus.RECEIVED)
    page = text(town.client("desk").get(f"{BASE}/"))
    assert "Deuxième envoi." in page and "« Floue. »" in page


# --- Doors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("desk", 200),
        ("head", 200),
        ("hugo", 404),  # heads the canteen: Lila is registered elsewhere
        ("accountant", 403),
        ("configurator", 403),
        ("admin", 403),
        ("claire", 404),
        (None, 302),
    ],
)
def test_only_those_who_care_for_the_child_open_a_document(town: Town, who: str | None, code: int) -> None:
    register(town, "A", "lila", "mercredi")
    one = waits(town)
    client = town.client(who)
    assert client.get(f"{BASE}/{one}").status_code == code
    assert client.get(f"{BASE}/{one}/fichier").status_code == code
    assert client.get(f"{BASE}/").status_code == (200 if who == "hugo" else code)
    if code != 200:
        for action in ("valider", "refuser", "delai"):
            form = {"seen": 1, "reason": "page", "deferred_until": TODAY.isoformat()}
            assert client.post(f"{BASE}/{one}/{action}", data=form).status_code == code
        assert read(one).status is DocumentStatus.RECEIVED


def test_the_head_of_a_facility_checks_the_documents_of_its_households(town: Town) -> None:
    register(town, "A", "lila", "cantine")
    one = waits(town)
    client = town.client("hugo")
    assert client.get(f"{BASE}/{one}").status_code == 200
    assert client.post(f"{BASE}/{one}/valider", data={"seen": 1}).status_code == 302
    assert read(one).status is DocumentStatus.VALID


def test_a_document_that_never_was_is_a_404(town: Town) -> None:
    client = town.client("desk")
    assert client.get(f"{BASE}/999").status_code == 404
    assert client.get(f"{BASE}/999/fichier").status_code == 404
    assert client.post(f"{BASE}/999/valider").status_code == 404
    assert client.get(f"{BASE}/1/valider").status_code == 405


# --- Cost ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 40])
def test_the_inbox_costs_at_most_twelve_statements(town: Town, count: int) -> None:
    kind = ask_for("assurance", validity=Validity.MONTHS)
    for n in range(count):
        give(town, kind, "A", ("lila", "zoe")[n % 2], DocumentStatus.RECEIVED)
    register(town, "A", "lila", "cantine")
    for who in ("desk", "head"):
        client = town.client(who)
        client.get(f"{BASE}/")  # the catalogue is then in memory
        db.session.remove()
        with count_statements() as seen:
            assert client.get(f"{BASE}/").status_code == 200
        assert len(seen) <= 12, "\n".join(seen)

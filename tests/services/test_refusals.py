"""The reasons of refusal: the usual ones, until the town writes its own by form or by file."""

import pytest

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.rulebook import Refusable
from app.models import RefusalReason
from app.services import refusals
from tests.people import Town

FORM = {
    "code": "flou",
    "about": "document",
    "name": "Photo floue",
    "sentence": "La photo est floue, reprenez-la près d’une fenêtre.",
    "position": "1",
}


@pytest.mark.parametrize("about", list(Refusable))
def test_every_thing_has_usual_reasons_and_each_is_a_sentence(town: Town, about: Refusable) -> None:
    offered = refusals.offered(about)
    assert len(offered) >= 3 and len({one.key for one in offered}) == len(offered)
    assert all(one.sentence.endswith(".") and one.name for one in offered)


def test_the_towns_own_replace_those_of_that_thing_alone(town: Town) -> None:
    before = refusals.offered(Refusable.CHANGE)
    made = town.client("configurator").post("/service/motifs-de-refus/creer", data=FORM)
    assert made.status_code == 302, made.text
    page = town.client("configurator").get("/service/motifs-de-refus/").text
    assert "Photo floue" in page
    assert [one.name for one in refusals.offered(Refusable.DOCUMENT)] == ["Photo floue"]
    assert refusals.offered(Refusable.CHANGE) == before


def test_the_rest_of_the_service_reads_them_and_changes_none(town: Town) -> None:
    assert town.client("desk").post("/service/motifs-de-refus/creer", data=FORM).status_code in (403, 404)
    assert town.client("claire").get("/espace/motifs-de-refus/").status_code == 404
    with unscoped("aucun"):
        assert db.session.query(RefusalReason).count() == 0


def test_the_sentence_holds_the_reason_then_the_free_words(town: Town) -> None:
    say = refusals.sentence
    assert say(Refusable.DOCUMENT, "page", "  La seconde. ") == "Il manque une page. La seconde."
    assert say(Refusable.DOCUMENT, None, "La seconde.") == "La seconde."
    assert say(Refusable.DOCUMENT, "inconnu", "") == ""

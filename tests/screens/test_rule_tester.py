"""Essai des règles, Demandes refusées: what every rule answers to a child, a day and a moment, and why."""

from typing import Any

import pytest
from sqlalchemy import delete, select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Booking, RefusedRequest, Registration, Rule
from app.services import bookings
from app.services.desk import Draft
from tests.people import Town
from tests.support.pages import words
from tests.wednesday import MEAL, NOW, at_the_canteen

pytestmark = pytest.mark.usefixtures("first_of_december")
ADDRESS = "/service/essai-des-regles/"
REFUSED = "/service/demandes-refusees/"


def tried(town: Town, who: str = "desk", child: str = "lila", family: str = "A", **asked: Any) -> Any:
    query = {"qui": f"{town.families[family]}-{town.people[child]}", "jour": "2026-12-09", **asked}
    return town.client(who).get(ADDRESS, query_string=query)


def test_a_square_that_is_refused_says_by_which_rule_and_what_the_others_answer(open_town: Town) -> None:
    page = words(tried(open_town, unite="mercredi.matin", le="2026-12-01", heure="09:00"))
    assert "se réserve avec" in page and "Article 7." in page and "Remède : Ajouter « Repas »" in page
    assert "matin, mercredi 9 décembre 2026 : jusqu’au dimanche 6 décembre 2026 à 24 h" in page
    with unscoped("vérification"):
        assert db.session.scalars(select(Booking)).all() == []
        assert db.session.scalars(select(RefusedRequest)).all() == []


def test_the_moment_is_the_one_asked_for(open_town: Town) -> None:
    in_time = words(tried(open_town, unite="mercredi.repas", le="2026-12-06", heure="23:59"))
    late = words(tried(open_town, unite="mercredi.repas", le="2026-12-07", heure="00:00"))
    assert "Aucune règle ne s’y oppose" in in_time
    assert "trop tard, c’était réservable jusqu’au dimanche 6 décembre 2026 à 24 h" in late


def test_the_search_finds_children_in_reach_alone(open_town: Town) -> None:
    found = open_town.client("desk").get(f"{ADDRESS}enfants?q=lil").get_json()
    assert {one["text"] for one in found} == {"Lila Martin, famille Martin"}
    both = open_town.client("desk").get(f"{ADDRESS}enfants?q=ZOE").get_json()  # through each of her homes
    assert [one["text"].partition(", ")[2] for one in both] == ["famille Martin", "famille Durand"]
    assert open_town.client("desk").get(f"{ADDRESS}enfants?q=%25").get_json() == []
    assert open_town.client("desk").get(f"{ADDRESS}enfants?q=zzzz").get_json() == []


@pytest.mark.parametrize("name", ["claire", "accountant", "configurator", None])
def test_nobody_else_opens_it(open_town: Town, name: str | None) -> None:
    client = open_town.client(name)
    for address in (ADDRESS, f"{ADDRESS}enfants?q=li", REFUSED, f"{REFUSED}1"):
        assert client.get(address).status_code in ((302,) if name is None else (403, 404))


def test_a_stranger_or_nonsense_is_no_page(open_town: Town) -> None:
    client = open_town.client("desk")
    assert client.get(f"{ADDRESS}?qui=999999-1").status_code == 404
    assert client.get(f"{ADDRESS}?qui=abc").status_code == 200
    assert tried(open_town, jour="hier", le="demain", heure="midi", unite="nulle.part").status_code == 200
    assert "Pas d’inscription cette semaine-là" in words(tried(open_town, jour="2028-12-09"))


def test_a_head_of_another_facility_is_shown_theirs_alone(open_town: Town) -> None:
    """Hugo heads the canteen: his children are those registered there."""
    assert tried(open_town, who="hugo", child="zoe").status_code == 404
    assert tried(open_town, who="hugo").status_code == 404
    at_the_canteen(open_town)
    page = tried(open_town, who="hugo", unite=["cantine.repas", "mercredi.matin"]).get_data(as_text=True)
    assert 'value="cantine.repas"' in page and 'value="mercredi.matin"' not in page
    assert 'value="mercredi.matin"' in tried(open_town).get_data(as_text=True)


def test_a_head_has_the_answer_that_the_whole_town_has(open_town: Town) -> None:
    """One day a week, and Wednesday is booked in another facility: the other day is not said to whom it
    does not concern.
    """
    at_the_canteen(open_town)
    one_day = {"maximum": 1, "what": "days", "per": "week"}
    with unscoped("test"):
        db.session.add(Rule(code="un-jour", rule_kind="count", parameters=one_day))
        db.session.commit()
    with open_town.acting("claire"):
        lila, family = open_town.people["lila"], open_town.families["A"]
        assert bookings.send(lila, family, Draft(frozenset({MEAL})), NOW)
    pages = {
        who: words(tried(open_town, who=who, jour="2026-12-10", unite="cantine.repas"))
        for who in ("desk", "hugo")
    }
    assert all("Aucune règle ne s’y oppose" not in page and "Refusé" in page for page in pages.values())
    assert "mercredi 9" not in pages["hugo"]


def test_what_changes_nothing_has_no_verdict(open_town: Town) -> None:
    for asked in ({"unite": "nulle.part"}, {"unite": "mercredi.repas", "geste": "annuler"}):
        page = words(tried(open_town, **asked))
        assert "Cette demande ne change rien" in page
        assert "Aucune règle ne s’y oppose" not in page and "Toutes les règles" not in page


def test_rules_of_other_activities_name_their_units(open_town: Town) -> None:
    with unscoped("test"):
        db.session.execute(delete(Registration))
        db.session.commit()
    at_the_canteen(open_town)  # and nowhere else
    page = words(tried(open_town, jour="2026-12-10"))
    assert "« Matin » se réserve avec « Repas »" in page and "mercredi.matin" not in page


def test_what_a_parent_was_refused_is_opened_with_its_reasons(open_town: Town) -> None:
    lila = open_town.people["lila"]
    open_town.client("claire").get(
        f"/planning/{lila}?semaine=2026-12-07&bascule=mercredi.matin@2026-12-09",
        headers={"HX-Request": "true"},
    )
    client = open_town.client("desk")
    assert "se réserve avec" in words(client.get(REFUSED))
    with unscoped("vérification"):
        (number,) = db.session.scalars(select(RefusedRequest.id))
    page = words(client.get(f"{REFUSED}{number}"))
    assert "matin, mercredi 9 décembre 2026" in page and "Claire Martin" in page
    assert "Ne s’y oppose pas" in page and "Répond" in page
    assert client.get(f"{REFUSED}{number + 1}").status_code == 404

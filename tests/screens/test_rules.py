"""Rules and examples by form: each kind has its form, the sentence is written live, a draft waits, and
publishing leaves the past its rules.
"""

import io
from datetime import date

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import HistoryEntry, RuleDraft
from app.rules import kinds as _kinds  # noqa: F401  (registers them)
from app.rules.registry import build, dump, kinds
from app.screens import rule_form
from app.services.rulebook.compiled import rows_now
from tests.people import Town
from tests.screens.rule_pages import EXAMPLES, LATE, RULES, add_example, rules, sent
from tests.support.pages import words

pytestmark = pytest.mark.usefixtures("first_of_december")


def test_rules_read_as_families_read_them(open_town: Town) -> None:
    page = words(open_town.client("configurator").get(f"{RULES}/"))
    assert "réservable et annulable jusqu’au dimanche de la semaine d’avant, 24 h. Article 7." in page
    assert "« Mercredis des Grappaloups » : « Matin » se réserve avec « Repas ». Article 7." in page


def test_the_printed_reglement_says_what_the_page_says(open_town: Town) -> None:
    client = open_town.client("configurator")
    assert f'href="{RULES}/reglement.pdf"' in client.get(f"{RULES}/").get_data(as_text=True)
    answer = client.get(f"{RULES}/reglement.pdf")
    assert answer.mimetype == "application/pdf"
    told = " ".join(" ".join(one.extract_text() for one in PdfReader(io.BytesIO(answer.data)).pages).split())
    assert "réservable et annulable jusqu’au dimanche de la semaine d’avant" in told


@pytest.mark.parametrize("name", ["claire", "desk", None])
def test_nobody_else_opens_them(open_town: Town, name: str | None) -> None:
    client = open_town.client(name)
    for address in (
        f"{RULES}/",
        f"{RULES}/delai",
        f"{RULES}/reglement.pdf",
        f"{EXAMPLES}/",
        f"{EXAMPLES}/nouveau",
    ):
        assert client.get(address).status_code in (302, 403, 404)
    assert client.post(f"{RULES}/delai", data={"publish": "1"}).status_code in (302, 400, 403, 404)


@pytest.mark.parametrize("code", sorted(kinds()))
def test_every_kind_has_its_form_and_gives_back_what_fills_it(open_town: Town, code: str) -> None:
    kind = kinds()[code]
    page = open_town.client("configurator").get(f"{RULES}/nouvelle/{code}")
    assert page.status_code == 200
    for one in kind.parameters:
        assert one.label.replace("\u00a0", " ") in words(page)
    rule = build(code, kind.example).rule
    assert rule is not None
    body = {"kind": code, "parameters": dump(rule)}
    with open_town.app.test_request_context(), unscoped("test"):
        told = rule_form.offered(rows_now())
        named = [one for one in kind.parameters if one.shape.form in ("unit", "document")]
        form = rule_form.form_of(kind, told, body)
        if not named:  # the example names units of no town here
            again = build(code, form.body(code)["parameters"])
            assert again.rule == rule, again.errors


def test_the_kinds_are_all_offered_once(open_town: Town) -> None:
    page = open_town.client("configurator").get(f"{RULES}/nouvelle/").get_data(as_text=True)
    for code in kinds():
        assert page.count(f'/nouvelle/{code}"') == 1


def test_the_sentence_is_written_live_and_the_examples_answer(open_town: Town) -> None:
    add_example(LATE)
    client = open_town.client("configurator")
    fields = {"p-weekday": "dimanche", "p-hour": "24:00", "p-weeks_before": "1", "p-gate": "both"}
    piece = words(sent(client, f"{RULES}/lire/notice_weekly?code=delai", **fields))
    assert "Réservable et annulable jusqu’au dimanche de la semaine d’avant, 24 h." in piece
    assert "1 juste" in piece and "faux" not in piece
    piece = words(
        sent(
            client,
            f"{RULES}/lire/notice_weekly?code=delai",
            **{**fields, "p-weekday": "mardi", "p-weeks_before": "0"},
        )
    )
    assert "jusqu’au mardi de la même semaine" in piece
    assert "1 faux" in piece and "attendu : delai ; obtenu : accepté" in piece
    piece = words(
        sent(client, f"{RULES}/lire/notice_weekly?code=delai", **{**fields, "p-weekday": "mardredi"})
    )
    assert "La phrase s’écrira ici" in piece
    assert rules()["delai"].parameters == {"weekday": "dimanche"}


def test_a_draft_is_in_force_for_nobody_until_it_is_published(open_town: Town) -> None:
    client = open_town.client("configurator")
    fields = {"p-weekday": "jeudi", "p-hour": "12:00", "p-weeks_before": "1", "p-gate": "both"}
    activity = str(open_town.activities["mercredi"])
    page = words(sent(client, f"{RULES}/delai", activity=activity, **fields))
    assert "Le brouillon est enregistré" in page
    assert rules()["delai"].parameters == {"weekday": "dimanche"}
    page = words(client.get(f"{RULES}/delai"))
    assert "Brouillon" in page and "En vigueur aujourd’hui" in page and "jusqu’au jeudi" in page
    assert "Brouillon" in words(client.get(f"{RULES}/"))
    assert "La règle est publiée" in words(
        sent(client, f"{RULES}/delai", activity=activity, publish="1", past="y", **fields)
    )
    assert rules()["delai"].parameters["weekday"] == "jeudi"
    with unscoped("test"):
        assert db.session.scalars(select(RuleDraft)).all() == []


def test_published_from_a_later_day_the_past_keeps_its_rule(open_town: Town) -> None:
    client = open_town.client("configurator")
    fields = {"p-weekday": "jeudi", "p-hour": "12:00", "p-weeks_before": "1", "p-gate": "both"}
    page = sent(
        client,
        f"{RULES}/delai",
        activity=str(open_town.activities["mercredi"]),
        from_on="2026-12-14",
        publish="1",
        **fields,
    )
    assert "à partir du lundi 14 décembre 2026, l’ancienne jusqu’à la veille" in words(page)
    found = rules()
    old, new = found["delai-avant-2026-12-14"], found["delai"]
    assert (old.until_on, old.parameters) == (date(2026, 12, 14), {"weekday": "dimanche"})
    assert (new.from_on, new.parameters["weekday"]) == (date(2026, 12, 14), "jeudi")
    with unscoped("test"):
        assert db.session.scalars(select(HistoryEntry).where(HistoryEntry.entity == "Rule")).all()


def test_a_red_example_keeps_a_rule_from_being_published(open_town: Town) -> None:
    add_example(LATE)
    client = open_town.client("configurator")
    fields = {"p-weekday": "mardi", "p-hour": "12:00", "p-weeks_before": "0", "p-gate": "both"}
    page = words(
        sent(
            client,
            f"{RULES}/delai",
            activity=str(open_town.activities["mercredi"]),
            publish="1",
            past="y",
            **fields,
        )
    )
    assert "La règle n’est pas publiée" in page and "1 faux" in page
    assert rules()["delai"].parameters == {"weekday": "dimanche"}


def test_what_is_written_wrong_is_told_at_its_field_and_nothing_is_lost(open_town: Town) -> None:
    client = open_town.client("configurator")
    answer = client.post(
        f"{RULES}/nouvelle/count",
        data={"p-minimum": "5", "p-maximum": "2", "p-what": "days", "p-per": "week"},
    )
    assert answer.status_code == 422
    assert "échangez-les" in words(answer)
    assert 'value="5"' in answer.get_data(as_text=True)
    answer = client.post(f"{RULES}/nouvelle/notice", data={"p-days": "beaucoup", "p-hour": "midi"})
    assert answer.status_code == 422
    assert "n’est pas un nombre entier" in words(answer) and "n’est pas une heure" in words(answer)
    answer = client.post(f"{RULES}/nouvelle/priority", data={"p-rank": "1", "weekdays": ["lundi"]})
    assert answer.status_code == 422
    assert "retirez les jours de la semaine" in words(answer)


@pytest.mark.parametrize(
    ("forged", "says"),
    [
        ({"activity": "99999"}, "n’existe plus"),
        ({"activity": "abc"}, "« abc » n’existe plus"),
        ({"article": "-1"}, "« -1 » n’existe plus"),
        ({"weekdays": "dimardi"}, "« dimardi » n’existe plus"),
        ({"from_on": "2027-01-02", "until_on": "2027-01-02"}, "doit venir après"),
        ({"units": "mercredi.nuit"}, "« mercredi.nuit » n’existe plus"),
        ({"who-residence": "lune"}, "« lune » n’existe plus"),
    ],
)
def test_what_is_forged_or_upside_down_breaks_nothing(
    open_town: Town, forged: dict[str, str], says: str
) -> None:
    client = open_town.client("configurator")
    fields = {"p-weekday": "jeudi", "p-hour": "12:00", "p-weeks_before": "1", "p-gate": "both", "past": "y"}
    fields |= forged
    piece = client.post(f"{RULES}/lire/notice_weekly?code=delai", data=fields)
    assert piece.status_code == 200
    answer = client.post(f"{RULES}/delai", data={**fields, "publish": "1"})
    assert answer.status_code == 422 and says in words(answer)
    assert rules()["delai"].parameters == {"weekday": "dimanche"}


def test_a_new_rule_gets_a_code_and_a_whom(open_town: Town) -> None:
    client = open_town.client("configurator")
    page = sent(
        client,
        f"{RULES}/nouvelle/count",
        **{
            "p-maximum": "2",
            "p-what": "days",
            "p-per": "week",
            "activity": str(open_town.activities["mercredi"]),
            "who-residence": ["outside"],
            "weekdays": ["mercredi"],
            "publish": "1",
        },
    )
    assert "La règle est publiée" in words(page)
    new = rules()["nombre-de-jours-de-reservations-ou-d-heures"]
    assert (new.who, new.weekdays) == ({"residence": ["outside"]}, ["mercredi"])
    assert "Pour les enfants qui n’habitent pas la commune" in words(client.get(f"{RULES}/"))


def test_a_draft_is_let_go(open_town: Town) -> None:
    client = open_town.client("configurator")
    fields = {"p-weekday": "jeudi", "p-hour": "12:00", "p-weeks_before": "1", "p-gate": "both"}
    sent(client, f"{RULES}/delai", **fields)
    assert "abandonné" in words(sent(client, f"{RULES}/delai/abandonner"))
    with unscoped("test"):
        assert db.session.scalars(select(RuleDraft)).all() == []

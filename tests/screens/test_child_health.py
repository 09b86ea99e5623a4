"""The health page: one sending saves the doctor, the words and the vaccines; nothing after the freeze."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Entity
from app.entities.health import WordKind
from app.models import Condition, FreezeDate, HealthRecord, HealthWord, Vaccination, Vaccine
from app.services import clock
from tests.people import Town
from tests.support.sql import count_statements

PARIS = ZoneInfo("Europe/Paris")
DOCTOR = {"doctor_name": "Dr Apolline Gravouille", "doctor_phone": "0465710840"}


def at(monkeypatch: pytest.MonkeyPatch, *when: int) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(*when, tzinfo=PARIS))  # type: ignore[arg-type, misc]


def add(*rows: Entity) -> None:
    with unscoped("lignes du test"):
        db.session.add_all(rows)
        db.session.commit()


@pytest.fixture(autouse=True)
def words(town: Town, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Two words and two vaccines, by name."""
    at(monkeypatch, 2026, 11, 23, 21, 6)
    add(
        HealthWord(code="a", name="Arachide", word_kind=WordKind.ALLERGY),
        HealthWord(code="v", name="Varicelle", word_kind=WordKind.ILLNESS),
        Vaccine(code="dtp", name="DTP", is_mandatory=True),
        Vaccine(code="ror", name="ROR"),
    )
    with unscoped("les mots"):
        rows = [*db.session.scalars(select(HealthWord)), *db.session.scalars(select(Vaccine))]
        return {row.name: row.id for row in rows}


def address(town: Town, child: str = "lila") -> str:
    return f"/ma-famille/enfant/{town.people[child]}/sante"


def record() -> HealthRecord | None:
    with unscoped("vérification"):
        return db.session.scalars(select(HealthRecord)).one_or_none()


def had() -> set[int]:
    with unscoped("vérification"):
        return set(db.session.scalars(select(Condition.word_id)))


def vaccinations() -> list[Vaccination]:
    with unscoped("vérification"):
        return list(db.session.scalars(select(Vaccination).order_by(Vaccination.id)))


def given(words: dict[str, int], name: str = "DTP", on: str = "2022-05-12", **more: str) -> dict[str, str]:
    return {"vaccine": str(words[name]), "given_on": on, **more}


def test_the_doctor_and_the_words_are_saved_in_one_sending(town: Town, words: dict[str, int]) -> None:
    data = {**DOCTOR, "words": [str(words["Arachide"]), str(words["Varicelle"])]}
    page = town.client("claire").post(address(town), data=data, follow_redirects=True).text
    assert "Enregistré à 21\u00a0h\u00a006\u00a0: la santé de Lila." in page
    row = record()
    assert row is not None
    assert (row.doctor_phone, row.confirmed_on) == ("04 65 71 08 40", date(2026, 11, 23))
    assert had() == {words["Arachide"], words["Varicelle"]}


def test_a_word_left_out_is_taken_off(town: Town, words: dict[str, int]) -> None:
    browser = town.client("claire")
    browser.post(address(town), data={**DOCTOR, "words": [str(words["Arachide"]), str(words["Varicelle"])]})
    browser.post(address(town), data={**DOCTOR, "words": [str(words["Varicelle"])]})
    assert had() == {words["Varicelle"]}


def test_a_word_that_does_not_exist_is_left_out(town: Town, words: dict[str, int]) -> None:
    assert town.client("claire").post(address(town), data={"words": ["99999"]}).status_code == 302
    assert had() == set()


def test_both_homes_see_what_one_declared(town: Town, words: dict[str, int]) -> None:
    town.client("claire").post(address(town, "zoe"), data={**DOCTOR, "words": [str(words["Arachide"])]})
    page = town.client("denis").get(address(town, "zoe")).text
    assert "Dr Apolline Gravouille" in page
    assert "Claire" not in page


def test_a_vaccine_is_added_with_everything_else_typed(town: Town, words: dict[str, int]) -> None:
    data = {**DOCTOR, **given(words, booster_on="2027-05-12"), "ajouter": "1"}
    answer = town.client("claire").post(address(town), data=data)
    assert answer.location.endswith("#vaccins")
    (row,) = vaccinations()
    assert (row.given_on, row.booster_on) == (date(2022, 5, 12), date(2027, 5, 12))
    kept = record()
    assert kept is not None
    assert kept.doctor_name == DOCTOR["doctor_name"]


@pytest.mark.parametrize(
    ("on", "booster", "says"),
    [
        ("2026-11-24", "", "n’est pas encore arrivé"),
        ("2022-05-12", "2022-05-12", "Le rappel vient après le vaccin"),
        ("", "2027-05-12", "Indiquez le jour du vaccin"),
        ("31/02/2022", "", "n’est pas une date"),
    ],
)
def test_a_wrong_vaccine_saves_nothing_and_keeps_what_was_typed(
    town: Town, words: dict[str, int], on: str, booster: str, says: str
) -> None:
    data = {**DOCTOR, **given(words, on=on, booster_on=booster)}
    answer = town.client("claire").post(address(town), data=data)
    assert answer.status_code == 422
    assert says in answer.text
    assert DOCTOR["doctor_name"] in answer.text
    assert (vaccinations(), record()) == ([], None)


def test_a_vaccine_given_today_is_accepted(town: Town, words: dict[str, int]) -> None:
    data = given(words, on="2026-11-23", booster_on="2026-11-24")
    assert town.client("claire").post(address(town), data=data).status_code == 302
    assert len(vaccinations()) == 1


def test_a_vaccine_is_corrected_and_removed(town: Town, words: dict[str, int]) -> None:
    browser = town.client("claire")
    browser.post(address(town), data=given(words))
    number = vaccinations()[0].id
    assert 'value="2022-05-12"' in browser.get(f"{address(town)}?vaccin={number}").text
    browser.post(address(town), data=given(words, "ROR", vaccination=str(number)))
    assert [one.vaccine_id for one in vaccinations()] == [words["ROR"]]
    browser.post(address(town), data={"supprimer": str(number)})
    assert vaccinations() == []


def test_the_enter_key_saves_and_removes_no_vaccine(town: Town, words: dict[str, int]) -> None:
    browser = town.client("claire")
    browser.post(address(town), data=given(words))
    page = browser.get(address(town)).text
    first = page[page.index('<form id="fiche"') :].split('type="submit"')[1].split(">")[0]
    assert "supprimer" not in first


@pytest.mark.parametrize("child", ["tom", "zoe"])
def test_another_child_s_vaccine_is_neither_corrected_nor_removed(
    town: Town, words: dict[str, int], child: str
) -> None:
    add(Vaccination(child_id=town.people[child], vaccine_id=words["DTP"], given_on=date(2020, 1, 1)))
    number = str(vaccinations()[0].id)
    browser = town.client("claire")
    browser.post(address(town), data={"supprimer": number})
    browser.post(address(town), data=given(words, "ROR", vaccination=number))
    assert [one.vaccine_id for one in vaccinations()] == [words["DTP"]]


@pytest.mark.parametrize("child", ["tom", "claire"])
def test_nobody_else_s_health_is_read_or_written(town: Town, child: str) -> None:
    browser = town.client("claire")
    assert browser.get(address(town, child)).status_code == 404
    assert browser.post(address(town, child), data=DOCTOR).status_code == 404
    assert record() is None


@pytest.mark.parametrize(
    ("when", "is_open"), [((2027, 7, 31, 23, 59, 59), True), ((2027, 8, 1, 0, 0, 0), False)]
)
def test_the_page_closes_with_july_and_a_replayed_sending_changes_nothing(
    town: Town,
    words: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
    when: tuple[int, ...],
    is_open: bool,
) -> None:
    add(
        FreezeDate(section="health", day=1, month=8),
        HealthRecord(child_id=town.people["lila"], doctor_name="Dr Avant", confirmed_on=date(2027, 5, 2)),
    )
    at(monkeypatch, *when)
    browser = town.client("claire")
    page = browser.get(address(town)).text
    assert ("Prévenez la structure" in page) is not is_open
    data = {"doctor_name": "Dr Après", "words": [str(words["Arachide"])], **given(words)}
    answer = browser.post(address(town), data=data)
    assert ("Rien n’est enregistré" in answer.text) is not is_open
    assert is_open or "Dr Après" not in answer.text
    row = record()
    assert row is not None
    assert row.doctor_name == ("Dr Après" if is_open else "Dr Avant")
    assert bool(vaccinations()) is bool(had()) is is_open


def test_a_form_older_than_the_record_saves_nothing(town: Town) -> None:
    browser = town.client("claire")
    browser.post(address(town, "zoe"), data=DOCTOR)
    row = record()
    assert row is not None
    town.client("denis").post(address(town, "zoe"), data={"doctor_name": "Dr Autre"})
    answer = browser.post(address(town, "zoe"), data={**DOCTOR, "revision": str(row.revision)})
    assert answer.status_code == 422
    assert "Quelqu’un a enregistré cette fiche" in answer.text
    kept = record()
    assert kept is not None
    assert kept.doctor_name == "Dr Autre"


def test_the_page_costs_at_most_twelve_statements_whatever_was_declared(
    town: Town, words: dict[str, int]
) -> None:
    browser = town.client("claire")
    browser.get("/ma-famille")
    with count_statements() as few:
        browser.get(address(town))
    browser.post(address(town), data={**DOCTOR, "words": [str(words["Arachide"]), str(words["Varicelle"])]})
    for year in range(2018, 2026):
        browser.post(address(town), data=given(words, on=f"{year}-05-12"))
    with count_statements() as many:
        browser.get(address(town))
    # account, child, schoolings, questions, contact counts, freeze dates, registrations,
    # vaccinations, words, vaccines, catalogue's version
    assert len(few) == len(many) <= 12

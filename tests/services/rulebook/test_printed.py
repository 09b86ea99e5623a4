"""The règlement as a parent reads it: what is printed is what is applied on that day, and says it once."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from app.services.rulebook import check_text, printed
from app.services.rulebook.printed import Printed, PrintedActivity
from tests.services.rulebook.test_commands import run

TODAY = date(2026, 11, 27)
TOWN = """town: {town_name: Ici}
facilities:
  restaurant: {name: Cantine, kind: canteen}
activities:
  cantine:
    name: Cantine
    phrase: la cantine
    facility: restaurant
    absence_is_billed: oui
    units: {repas: {name: Repas, phrase: le repas, meal: oui}}
    opens:
      - {periods: term, days: [lundi, vendredi], places: 60}
      - {periods: term, days: [mardi, jeudi], places: 70}
school_years:
  2026-2027: {starts_on: 2026-09-01, ends_on: 2027-08-31, zone: B}
rules:
  octobre:
    kind: window
    from: 2026-10-01
    until: 2026-11-01
    parameters: {opens_on: 2026-09-21, closes_on: 2026-09-25, gate: booking}
  la-veille: {kind: notice, parameters: {days: 1, hour: "24:00", gate: cancelling}}
tariffs:
  ancien: {name: Ancien, activity: cantine, from: 2024-09-01, until: 2026-09-01, brackets: [{price: 9.99}]}
  repas: {name: Repas, activity: cantine, from: 2026-09-01, until: 2027-01-01, brackets: [{price: 4.40}]}
  prochain:
    name: Prochain repas
    activity: cantine
    from: 2027-01-01
    brackets: [{until: 600, price: 3}, {from: 600, price: 5}]
"""


def book(on: date = TODAY, text: str = TOWN) -> Printed:
    checked = check_text(text, TODAY)
    assert checked.is_sound, [str(one) for one in checked.problems]
    return printed(checked.draft, on)


def canteen(on: date = TODAY, text: str = TOWN) -> PrintedActivity:
    (facility,) = book(on, text).facilities
    return facility.activities[0]


def told(sentences: tuple[str, ...]) -> list[str]:
    return [one.replace("\u00a0", " ") for one in sentences]


def test_the_tariffs_printed_are_those_in_force_or_to_come_with_their_dates() -> None:
    assert [(one.name, *told((one.when,))) for one in canteen().tariffs] == [
        ("Repas", "Du mardi 1er septembre 2026 au jeudi 31 décembre 2026."),
        ("Prochain repas", "À partir du vendredi 1er janvier 2027, selon le quotient familial."),
    ]
    assert canteen(date(2026, 8, 31)).tariffs[0].name == "Ancien"
    assert canteen(date(2026, 9, 1)).tariffs[0].name == "Repas"


def test_one_price_for_all_says_nothing_of_the_quotient() -> None:
    first, second = canteen().tariffs
    assert [one for one, _ in first.lines] == ["pour toutes les familles"]
    assert told(tuple(one for one, _ in second.lines)) == ["moins de 600 €", "600 € et plus"]


def test_places_given_to_days_are_printed_with_them() -> None:
    facts = told(canteen().facts)
    assert "En période scolaire : lundi et vendredi, 60 places." in facts
    assert "En période scolaire : mardi et jeudi, 70 places." in facts


@pytest.mark.parametrize("billed", ["oui", "non"])
def test_an_absence_that_is_billed_is_said(billed: str) -> None:
    facts = canteen(text=TOWN.replace("absence_is_billed: oui", f"absence_is_billed: {billed}")).facts
    assert ("Une absence qui n’est pas excusée est facturée." in facts) is (billed == "oui")


def test_a_rule_for_all_has_a_subject_and_its_dates_are_those_of_the_days() -> None:
    window, eve = told(book(date(2026, 9, 1)).rules)
    assert window == (
        "Toutes les activités, pour les jours du jeudi 1er octobre 2026 au samedi 31 octobre 2026 : "
        "réservable à partir du lundi 21 septembre 2026, jusqu’au vendredi 25 septembre 2026 à 24 h."
    )
    assert eve == "Toutes les activités : annulable jusqu’à la veille, 24 h."


def test_days_that_follow_no_week_are_the_first_that_are_said_or_said_besides() -> None:
    alone = TOWN.replace("    opens:\n", "    opens:\n      - {dates: [2026-12-12, 2027-01-20]}\n")
    assert told(canteen(text=alone).facts)[-1] == (
        "Aussi le samedi 12 décembre 2026 et le mercredi 20 janvier 2027."
    )
    only = alone.replace("      - {periods: term, days: [lundi, vendredi], places: 60}\n", "").replace(
        "      - {periods: term, days: [mardi, jeudi], places: 70}\n", ""
    )
    assert told(canteen(text=only).facts)[-1] == (
        "Le samedi 12 décembre 2026 et le mercredi 20 janvier 2027."
    )


def test_what_is_asked_of_some_says_of_whom() -> None:
    asked = """questions:
  pai: {label: A-t-il un PAI ?, section: health, kind: yes_no}
document_types:
  protocole: {name: PAI signé, subject: child, mandatory: oui, validity: school_year, asked_if: pai}
rules:
  table: {kind: capacity, activity: cantine, unless: {traits: [pai]}, parameters: {places: 50}}
"""
    text = TOWN.replace("rules:\n", asked)
    ((_, papers),) = book(text=text).papers
    (line,) = told(papers)
    assert line == (
        "PAI signé ; si l’on répond « oui » à « A-t-il un PAI ? » ; chaque année scolaire ; "
        "obligatoire pour s’inscrire."
    )
    assert told(canteen(text=text).rules)[0].endswith(
        "Sauf pour les enfants avec une réponse « oui » à « A-t-il un PAI ? »."
    )


def test_a_facility_of_one_activity_of_its_name_is_named_once() -> None:
    (facility,) = book().facilities
    assert (facility.name, facility.activities[0].name) == ("Cantine", "")
    assert canteen(text=TOWN.replace("    name: Cantine\n", "    name: Le midi\n")).name == "Le midi"
    second = "  soir: {name: Soir, facility: restaurant, bookable: non}\nschool_years:"
    assert canteen(text=TOWN.replace("school_years:", second, 1)).name == "Cantine"


def test_it_is_printed_as_of_a_day(app: Flask, tmp_path: Path) -> None:
    file, page = tmp_path / "ville.yaml", tmp_path / "r.html"
    file.write_text(TOWN, encoding="utf-8")
    assert run(app, "print", str(file), str(page), "--on", "2026-09-01")[0] == 0
    text = page.read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "Tel qu’il s’applique le mardi 1er septembre 2026" in text
    assert "pour les jours du jeudi 1er octobre 2026" in text
    assert text.count("Cantine") == 1
    assert "<h4>" not in text


def test_a_file_with_errors_says_that_the_page_stays_the_old_one(app: Flask, tmp_path: Path) -> None:
    file, page = tmp_path / "ville.yaml", tmp_path / "r.html"
    file.write_text(TOWN.replace("kind: canteen", "kind: canten"), encoding="utf-8")
    code, said = run(app, "print", str(file), str(page))
    assert (code, "1 erreur : rien n’est écrit.\n" in said, page.exists()) == (1, True, False)
    page.write_text("avant", encoding="utf-8")
    code, said = run(app, "print", str(file), str(page))
    assert (code, f"1 erreur : rien n’est écrit, {page} reste l’ancien.\n" in said) == (1, True)
    file.write_text("town: [", encoding="utf-8")
    code, said = run(app, "print", str(file), str(page))
    assert (code, f"rien n’est écrit, {page} reste l’ancien.\n" in said) == (2, True)

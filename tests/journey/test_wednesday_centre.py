"""A configurator enters a Wednesday centre from nothing, by forms alone; a parent then meets its rules.

The town is Cournon-d’Auvergne: half-days, with a meal or not, booked until the Sunday evening. Nobody opens a
file, and no word asserted is one that the person does not see.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journey.people import Person, Town, square, touch
from tests.journey.window import PICTURES, Album
from tests.support.server import Server
from tests.support.smtp import Listener

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

FAMILY, CHILD = "Sabatier", "Maëlys"
TOO_LATE = "Le lundi, il est trop tard pour mercredi"
ALONE = "Le repas ne se réserve pas seul"


def test_a_configurator_enters_a_centre_by_forms_and_a_parent_meets_its_rules(
    server: Callable[..., Server], smtp: Listener, browser_page: Callable[..., Page]
) -> None:
    monday = {"MARELLE_NOW": "2026-11-30T09:00"}
    started = server(demo=False, rulebook="communes/vide.yaml", **monday, **smtp.environ())
    town = Town(started, smtp, browser_page, Album(PICTURES / "mercredi-de-rien"))
    odile = town.colleague("configurator", "Odile", "Fontfreyde", "parametrage@example.org")
    odile.chooses_a_password(town.link_in(odile, "Votre accès"))

    she_is_told_where_to_begin(odile)
    she_names_the_town(odile)
    she_makes_the_centre(odile)
    she_makes_the_school_year(odile)
    she_makes_the_activity(odile)
    she_paints_the_wednesdays(odile)
    she_writes_what_the_reglement_must_answer(odile)
    she_writes_the_first_rule_and_sees_its_example_turn_green(odile)
    the_other_example_is_red_whatever_this_rule_says_and_she_keeps_a_draft(odile)
    she_writes_the_second_rule_and_publishes_both(odile)
    she_reads_the_reglement(odile)

    desk = town.colleague("desk", "Lucien", "Chabrol", "secretariat@example.org")
    desk.chooses_a_password(town.link_in(desk, "Votre accès"))
    parent = town.someone("Aurore", FAMILY, "aurore@example.org", screen="phone")
    the_secretary_opens_the_family(town, desk, parent)
    the_parent_registers_the_child(town, parent)
    this_wednesday_is_still_for_now_too_late(parent)
    a_meal_alone_is_refused_and_mended(parent)


# The configurator ------------------------------------------------------------------------------


def she_is_told_where_to_begin(odile: Person) -> None:
    seen = odile.window
    seen.sees("Ouvrir la ville", "Structures", "Année scolaire", "Activités", "Règles")
    seen.look("bureau-ville-vide")
    for address in ("/service/regles/", "/service/exemples-du-reglement/", "/service/calendrier/"):
        seen.go(address)
        seen.look(f"vide{address.replace('/', '-').rstrip('-')}")
    seen.go("/service/")


def she_names_the_town(odile: Person) -> None:
    seen = odile.window
    seen.link("Réglages")
    seen.fill("Nom de la ville", "Cournon-d’Auvergne")
    seen.fill("E-mail du service", "enfance@example.org")
    seen.look("reglages")
    seen.press(re.compile("Enregistrer"))
    seen.sees("C’est enregistré")
    expect(seen.page.locator("body")).to_contain_text("Cournon-d’Auvergne")


def she_makes_the_centre(odile: Person) -> None:
    seen = odile.window
    seen.link("Structures")
    seen.look("structures-aucune")
    seen.link(re.compile("Créer une structure"))
    seen.page.get_by_label("Nom*", exact=True).fill("Centre de loisirs")
    seen.fill("Type", "Centre de loisirs")
    seen.look("structure-creer")
    seen.press(re.compile("Créer une structure"))
    seen.sees("Structure enregistrée", "centre-de-loisirs")


def she_makes_the_school_year(odile: Person) -> None:
    seen = odile.window
    seen.link("Années scolaires")
    seen.link(re.compile("Créer une année scolaire"))
    seen.fill("Année*", "2026-2027")
    seen.page.get_by_label("Du*", exact=True).fill("2026-09-01")
    seen.page.get_by_label("Au*", exact=True).fill("2027-08-31")
    seen.look("annee-creer")
    seen.press(re.compile("Créer une année scolaire"))
    seen.sees("Année scolaire enregistrée")


def she_makes_the_activity(odile: Person) -> None:
    seen = odile.window
    seen.link("Activités")
    seen.link(re.compile("Créer une activité"))
    seen.page.get_by_label("Nom*", exact=True).fill("Mercredis")
    seen.page.get_by_label("Dans une phrase", exact=True).fill("le mercredi")
    seen.fill("Structure", "Centre de loisirs")
    seen.tick("Inscription acceptée d’office")
    for rank, (name, phrase) in enumerate(
        (("Matin", "le matin"), ("Repas", "le repas"), ("Après-midi", "l’après-midi"))
    ):
        if rank:
            seen.press("Ajouter une unité")
        line = seen.page.locator(f"[name=unites-{rank}-name]")
        expect(line).to_be_visible()
        line.fill(name)
        seen.page.locator(f"[name=unites-{rank}-phrase]").fill(phrase)
    seen.look("activite-creer")
    seen.press(re.compile("Créer une activité"))
    seen.sees("Activité enregistrée", "Mercredis")
    seen.look("activite")


def she_paints_the_wednesdays(odile: Person) -> None:
    seen = odile.window
    seen.link("Calendrier")
    seen.sees("Cette année n’a pas encore de vacances")
    seen.look("calendrier-sans-vacances")
    seen.press("Zone A")
    seen.sees("Les vacances de la zone A et les jours fériés sont écrits")
    seen.tick("mercredi")
    seen.fill("Période", "Temps scolaire")
    seen.press("Ouvrir ces jours")
    seen.sees("jours ouverts")
    seen.look("calendrier-peint")
    expect(seen.page.get_by_label(re.compile(r"mercredi\s9\sdécembre.*ouvert"))).to_have_count(1)
    expect(seen.page.get_by_label(re.compile(r"mercredi\s23\sdécembre.*vacances"))).to_have_count(1)


def she_writes_what_the_reglement_must_answer(odile: Person) -> None:
    seen = odile.window
    an_example(odile, TOO_LATE, "07/12/2026 00:00", "Mercredis, matin", "09/12/2026")
    seen.fill("Réservable jusqu’à", "06/12/2026 24:00")
    answered(odile, "Faux")
    seen.look("exemple-faux")
    seen.press(re.compile("Enregistrer"))
    an_example(odile, ALONE, "01/12/2026 10:00", "Mercredis, repas", "09/12/2026")
    seen.page.get_by_label("Remède proposé").fill("Ajouter le matin")
    answered(odile, "Faux")
    seen.press(re.compile("Enregistrer"))
    seen.sees(TOO_LATE, ALONE, "2 faux")
    seen.look("exemples-faux")


def an_example(odile: Person, says: str, at: str, unit: str, day: str) -> None:
    seen = odile.window
    seen.go("/service/exemples-du-reglement/")
    seen.link(re.compile("Ajouter un exemple"))
    seen.fill("La phrase", says)
    seen.fill("Le moment de la demande", at)
    seen.page.locator("[name=books-0-unit]").select_option(label=unit)
    seen.page.locator("[name=books-0-days]").fill(day)


def answered(odile: Person, word: str) -> None:
    expect(odile.window.page.locator("#reponse")).to_contain_text(word)


def she_writes_the_first_rule_and_sees_its_example_turn_green(odile: Person) -> None:
    seen = odile.window
    a_kind(odile, "Délai : un jour d’une semaine d’avant")
    reading = seen.page.locator("#lecture")
    seen.fill("Jour", "dimanche")
    expect(reading).to_contain_text("dimanche de la semaine d’avant, 24")
    its_example(reading, TOO_LATE, "Juste")
    its_example(reading, ALONE, "Faux")
    seen.look("regle-delai")
    seen.fill("Jour", "mardi")
    its_example(reading, TOO_LATE, "Faux")
    seen.fill("Jour", "dimanche")
    its_example(reading, TOO_LATE, "Juste")


def a_kind(odile: Person, title: str) -> None:
    seen = odile.window
    seen.go("/service/regles/")
    seen.link(re.compile("Ajouter une règle"))
    seen.page.get_by_role("link", name=re.compile(title.replace(" ", r"\s"))).click()
    seen.fill("Activité", "Mercredis")


def its_example(reading: Locator, sentence: str, word: str) -> None:
    expect(reading.locator(".ex").filter(has_text=sentence)).to_contain_text(word)


def the_other_example_is_red_whatever_this_rule_says_and_she_keeps_a_draft(odile: Person) -> None:
    seen = odile.window
    seen.sees("1 exemple était faux avant cette règle, qui n’y change rien")
    seen.press(re.compile("Enregistrer le brouillon"))
    seen.sees("Le brouillon est enregistré")
    seen.look("regle-en-brouillon")


def she_writes_the_second_rule_and_publishes_both(odile: Person) -> None:
    seen = odile.window
    a_kind(odile, "Ce qui va ensemble")
    seen.page.locator("[name=p-unit]").select_option(label="Mercredis, repas")
    seen.tick("Mercredis, matin")
    seen.page.locator("[name=p-how_many]").select_option(index=1)
    its_example(seen.page.locator("#lecture"), ALONE, "Juste")
    seen.look("regle-ensemble")
    seen.press(re.compile("Enregistrer le brouillon"))
    seen.sees("Le brouillon est enregistré")
    seen.go("/service/regles/")
    seen.look("regles-brouillons")
    seen.link(re.compile("2 brouillons"))
    seen.sees("Publier les 2 règles", "2 justes")
    seen.look("brouillons")
    seen.press(re.compile("Publier"))
    seen.sees("Les 2 règles sont publiées", "2 exemples respectés")
    seen.look("regles-publiees")


def she_reads_the_reglement(odile: Person) -> None:
    seen = odile.window
    with seen.page.expect_response(re.compile("reglement.pdf")) as told:
        seen.page.evaluate("fetch('/service/regles/reglement.pdf')")
    assert told.value.ok and told.value.headers["content-type"] == "application/pdf"


# The family ------------------------------------------------------------------------------------


def the_secretary_opens_the_family(town: Town, desk: Person, parent: Person) -> None:
    seen = desk.window
    seen.go("/service/familles/creer")
    seen.fill("Nom du foyer", FAMILY)
    seen.press(re.compile("Créer une famille"))
    family = seen.page.url.partition("?")[0]
    for first_name, fields in (
        (parent.first_name, {"E-mail": parent.email}),
        (CHILD, {"Né(e) le": "2019-03-08"}),
    ):
        seen.go("/service/personnes/creer")
        seen.fill("Prénom", first_name)
        seen.page.get_by_label("Nom*", exact=True).fill(FAMILY)
        for label, text in fields.items():
            seen.fill(label, text)
        seen.press(re.compile("Créer une personne"))
    for first_name, kind in ((parent.first_name, "Responsable légal"), (CHILD, "Enfant")):
        seen.go(family)
        seen.link(re.compile("Liens avec le foyer"))
        seen.link("Créer un lien avec le foyer")
        seen.fill("Personne", f"{FAMILY} {first_name}")
        seen.fill("Qualité", kind)
        seen.press(re.compile("Créer un lien"))
    seen.go(family)
    seen.link("Accès des parents")
    seen.press(re.compile("Envoyer l’invitation"))
    parent.chooses_a_password(town.link_in(parent, "Votre espace famille vous attend"))


def the_parent_registers_the_child(town: Town, parent: Person) -> None:
    seen = parent.window
    seen.go("/inscriptions/")
    seen.link("Demander une inscription")
    seen.page.get_by_text("Mercredis", exact=True).click()
    seen.press("Demander cette inscription")
    assert "Vous pouvez maintenant réserver" in town.mail(parent, "inscription acceptée")
    seen.look("inscription")


def this_wednesday_is_still_for_now_too_late(parent: Person) -> None:
    seen = parent.window
    seen.go("/planning/")
    expect(square(seen, "matin", "2 décembre")).to_contain_text("Trop tard")
    touch(seen, "matin", "2 décembre")
    seen.sees("dimanche 29 novembre 2026 à 24 h")
    seen.look("planning-trop-tard")


def a_meal_alone_is_refused_and_mended(parent: Person) -> None:
    seen = parent.window
    seen.link("Semaine d’après")
    touch(seen, "repas", "9 décembre")
    seen.sees("Le repas du mercredi 9 décembre 2026 se réserve avec le matin")
    seen.look("planning-repas-seul")
    seen.link(re.compile("Ajouter le matin"))
    expect(square(seen, "matin", "9 décembre")).to_contain_text("Demandé")
    seen.press(re.compile("Envoyer mes 2 changements"))
    seen.sees("2 réservations confirmées")
    seen.look("planning-confirme")

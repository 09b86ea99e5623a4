"""A change that is refused: the reason is read where one mends it, and forgotten once accepted (F3)."""

import re

import pytest
from playwright.sync_api import expect

from tests.journey.parents import (
    BLUE,
    DESK,
    PARENT,
    heading,
    inside,
    is_told_what_is_wrong,
    part,
    todos,
)
from tests.journey.people import Person, Town
from tests.journey.window import flat

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]


def test_a_new_street_waits_is_refused_with_its_reason_then_accepted(demo_town: Town) -> None:
    parent, desk = inside(demo_town, PARENT), inside(demo_town, DESK, "desk")
    seen, home = parent.window, parent.last_name.partition(" (")[0]
    seen.go("/ma-famille/foyer")
    if seen.page.get_by_role("button", name="Retirer ma demande").count():
        seen.look("adresse-qui-attend-deja")
        seen.press("Retirer ma demande")
        seen.sees("Votre demande est retirée : rien ne change.")
        seen.go("/ma-famille/foyer")
    in_force = seen.page.get_by_label("Numéro et voie").input_value()
    ask_for_a_street(parent, in_force, "chemin des Quatre-Cailloux")

    the_request(desk, home)
    desk.window.sees(in_force, "chemin des Quatre-Cailloux")
    desk.window.press("Refuser et prévenir")
    is_told_what_is_wrong(desk.window, "Dites pourquoi : la famille lit ce motif dans son e-mail.")
    desk.window.look("refus-sans-motif")
    reason = "L’adresse n’est pas complète : indiquez le numéro, la voie et la commune."
    desk.window.page.get_by_label(reason).check()
    desk.window.look("refus-avec-motif")
    desk.window.press("Refuser et prévenir")
    desk.window.sees("Refusée : Adresse du foyer. Un e-mail part à la famille.")
    desk.window.look("refusee")

    assert reason in flat(demo_town.mail(parent, "Votre modification n’est pas acceptée"))
    sentence = next(line for line, verb in todos(seen) if verb == "Corriger")
    assert "modification refusée, l’adresse n’est pas complète" in sentence
    seen.look("accueil-refus")
    seen.link(re.compile("Corriger"))
    heading(seen, "Adresse et factures")
    seen.sees(reason, "Vous aviez demandé : Numéro et voie « chemin des Quatre-Cailloux ».")
    expect(seen.page.get_by_label("Numéro et voie")).to_have_value(in_force)
    seen.look("adresse-refusee")
    ask_for_a_street(parent, in_force, "14 ter, chemin des Quatre-Cailloux")
    assert "Corriger" not in [verb for _, verb in todos(seen)]

    the_request(desk, home)
    desk.window.press("Accepter et continuer")
    desk.window.sees("Acceptée : Adresse du foyer. Un e-mail part à la famille.")
    assert "Votre dossier est à jour" in demo_town.mail(parent, "Votre modification est acceptée")
    assert "Corriger" not in [verb for _, verb in todos(seen)]
    seen.go("/ma-famille")
    seen.sees("14 ter, chemin des Quatre-Cailloux")
    expect(part(seen, BLUE)).not_to_contain_text("Changement à valider")
    seen.look("adresse-acceptee")
    seen.go("/historique/")
    seen.sees(
        "de modification : Adresse du foyer.",
        "a refusé la demande de modification.",
        "a accepté la demande de modification.",
    )


def ask_for_a_street(parent: Person, in_force: str, street: str) -> None:
    """What is asked stands beside what holds, which does not move."""
    seen = parent.window
    seen.go("/ma-famille/foyer")
    seen.fill("Numéro et voie", street)
    seen.press("Enregistrer")
    seen.sees("Envoyé au service pour le foyer : numéro et voie.", "vous aurez la réponse par e-mail")
    card = part(seen, BLUE).get_by_role("link", name=re.compile("Adresse et factures"))
    expect(card).to_contain_text(in_force)
    expect(card).to_contain_text("Changement à valider")
    seen.look("ma-famille-changement")
    card.click()
    field = seen.page.get_by_label("Numéro et voie")
    expect(field).to_have_value(street)
    expect(field).to_have_accessible_description(re.compile(rf"^Aujourd’hui\s: {re.escape(in_force)}\."))
    seen.sees(f"Aujourd’hui : {in_force}. Votre demande attend l’accord du service.")
    seen.look("adresse-demandee")


def the_request(desk: Person, home: str) -> None:
    """The secretary opens the request of that home."""
    desk.window.go("/service/modifications/")
    line = desk.window.page.get_by_role("navigation", name="Modifications à valider").get_by_role("link")
    line.filter(has=desk.window.page.get_by_text(f"Famille {home}", exact=True)).first.click()
    desk.window.sees("Adresse du foyer", f"Famille {home}")

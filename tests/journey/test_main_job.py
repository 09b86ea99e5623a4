"""The main job in one story: from a first link to a first invoice, each page looked at on the way.

Every word asserted is one that the person sees. The town is Le Touvet, with its rulebook and nobody in it.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journey.papers import text_of, write_paper
from tests.journey.people import Person, Town, square, touch
from tests.journey.window import PICTURES, Album, flat
from tests.support.server import Server
from tests.support.smtp import Listener

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

FAMILY = "Montgolfier-Vandewalle de La Roche-Taillée"
CHILD = "Barthélemy-Alexandre"
CHILD_NAME = "Montgolfier-Vandewalle"
ACTIVITY = "Mercredis des Grappaloups"


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_family_goes_from_its_first_link_to_its_first_invoice(
    database: str,
    server: Callable[..., Server],
    smtp: Listener,
    browser_page: Callable[..., Page],
    tmp_path: Path,
) -> None:
    monday_morning = {"MARELLE_NOW": "2027-05-03T09:00"}
    started = server(demo=False, database=database, **monday_morning, **smtp.environ())
    town = Town(started, smtp, browser_page, Album(PICTURES / database))

    desk = the_secretary_chooses_a_password(town)
    head = a_colleague_chooses_a_password(town, "head", "Anaëlle", "Crouzevialle", "direction@example.org")
    accountant = a_colleague_chooses_a_password(
        town, "accountant", "Gaspard", "Lhospitalier", "regie@example.org"
    )

    the_secretary_makes_the_family(desk)
    parent = town.someone(
        "Marie-Clémentine", "Montgolfier-Vandewalle", "clementine@example.org", screen="phone"
    )
    the_secretary_adds_the_mother(desk, parent)
    the_secretary_adds_the_child(desk)
    the_secretary_invites_the_mother(desk, parent)

    the_mother_follows_her_link(town, parent)
    she_fills_her_own_record(parent)
    she_gives_the_address_and_where_invoices_go(parent)
    she_tells_the_child_s_health(parent)
    she_is_told_which_documents_are_missing(parent)
    she_sends_them(parent, tmp_path)

    the_secretary_checks_the_documents(desk)
    the_secretary_accepts_the_new_address(town, desk, parent)

    she_asks_again_for_the_wednesdays(town, parent)
    the_secretary_accepts_the_registration(town, desk, parent)

    the_first_wednesday_is_too_late(town, parent)
    a_morning_alone_is_refused_and_mended(parent, "12 mai")
    she_books_two_more_wednesdays(parent)
    she_sends_her_changes(parent)

    town.server.travel("2027-05-12T08:00")
    the_head_ticks(head, "2027-05-12", "Présent")
    town.server.travel("2027-05-19T08:00")
    the_head_ticks(head, "2027-05-19", "Absent")

    town.server.travel("2027-06-15T09:00")
    the_accountant_bills_may(accountant)
    she_opens_her_invoice_from_the_mail(town, parent)
    the_pdf_says_the_same(parent, tmp_path)


# Monday 3 May: the service ---------------------------------------------------------------------


def the_secretary_chooses_a_password(town: Town) -> Person:
    desk = town.colleague("desk", "Bérengère", "Taillefer-Montauban", "secretariat@example.org")
    desk.chooses_a_password(town.link_in(desk, "Votre accès"), look=True)
    desk.window.sees("Lundi 3 mai")
    desk.window.look("bureau-vide")
    return desk


def a_colleague_chooses_a_password(
    town: Town, role: str, first_name: str, last_name: str, email: str
) -> Person:
    person = town.colleague(role, first_name, last_name, email)
    person.chooses_a_password(town.link_in(person, "Votre accès"))
    person.window.sees("Lundi 3 mai")
    return person


def the_secretary_makes_the_family(desk: Person) -> None:
    seen = desk.window
    seen.link("Familles")
    seen.look("familles-aucune")
    seen.link("Créer une famille")
    seen.fill("Nom du foyer", FAMILY)
    seen.fill("Notes du service", "A emménagé en avril. Préfère l’e-mail au téléphone.")
    seen.look("famille-creer")
    seen.press(re.compile("Créer une famille"))
    seen.sees("Famille enregistrée", FAMILY)
    seen.look("famille")


def the_secretary_adds_the_mother(desk: Person, parent: Person) -> None:
    seen = desk.window
    family = seen.page.url
    _make_a_person(desk, parent.first_name, parent.last_name, email=parent.email)
    _tie(
        desk, family, f"{parent.last_name} {parent.first_name}", "Responsable légal", "mère", on_invoice=True
    )
    seen.look("famille-liens")


def the_secretary_adds_the_child(desk: Person) -> None:
    family = desk.window.page.url
    _make_a_person(desk, CHILD, CHILD_NAME, born_on="2018-02-14")
    desk.window.look("personne")
    _tie(desk, family, f"{CHILD_NAME} {CHILD}", "Enfant", "fils")


def _make_a_person(desk: Person, first_name: str, last_name: str, email: str = "", born_on: str = "") -> None:
    seen = desk.window
    seen.link("Personnes")
    seen.link("Créer une personne")
    seen.fill("Prénom", first_name)
    seen.page.get_by_label("Nom*", exact=True).fill(last_name)
    if email:
        seen.fill("E-mail", email)
    if born_on:
        seen.fill("Né(e) le", born_on)
    seen.look("personne-creer")
    seen.press(re.compile("Créer une personne"))
    seen.sees("Personne enregistrée", first_name)


def _tie(desk: Person, family: str, person: str, kind: str, kinship: str, on_invoice: bool = False) -> None:
    seen = desk.window
    seen.go(family.partition("?")[0])
    seen.link(re.compile("Liens avec le foyer"))
    seen.link("Créer un lien avec le foyer")
    seen.fill("Personne", person)
    seen.fill("Qualité", kind)
    seen.page.get_by_label("Lien", exact=True).fill(kinship)
    if on_invoice:
        seen.tick("Nommé sur la facture")
    seen.look("lien-creer")
    seen.press(re.compile("Créer un lien"))
    seen.sees("Lien avec le foyer enregistré", person, kind)


def the_secretary_invites_the_mother(desk: Person, parent: Person) -> None:
    seen = desk.window
    seen.link(re.compile("^Fiche$"))
    seen.link("Accès des parents")
    seen.sees(parent.full_name, "N’a pas encore de compte")
    seen.look("acces-des-parents")
    seen.press(re.compile("Envoyer l’invitation"))
    seen.sees(f"L’invitation part vers {parent.email}", "Le lien sert jusqu’au jeudi 6 mai")
    seen.look("acces-invite")


# Monday 3 May: the mother ----------------------------------------------------------------------


def the_mother_follows_her_link(town: Town, parent: Person) -> None:
    parent.chooses_a_password(town.link_in(parent, "Votre espace famille vous attend"), look=True)
    seen = parent.window
    seen.sees("Marie-Clémentine", f"Famille {FAMILY}", "Ce que nous attendons de vous")
    seen.sees(f"La fiche de {CHILD} a 2 parties à revoir")
    seen.look("accueil")
    seen.press("Menu")
    seen.look("menu")
    seen.page.get_by_role("button", name="Fermer").click()


def she_fills_her_own_record(parent: Person) -> None:
    seen = parent.window
    seen.link(re.compile("^Ma famille"))
    seen.look("ma-famille")
    seen.link(re.compile(parent.full_name))
    seen.fill("Téléphone portable", "06 39 98 12 34")
    seen.look("ma-fiche")
    seen.press("Enregistrer la fiche")
    seen.sees("06 39 98 12 34")
    seen.look("ma-fiche-enregistree")


def she_gives_the_address_and_where_invoices_go(parent: Person) -> None:
    seen = parent.window
    seen.go("/ma-famille")
    seen.link(re.compile("Adresse et factures"))
    seen.fill("Numéro et voie", "14 ter, chemin des Quatre-Cailloux")
    seen.fill("Code postal", "38660")
    seen.fill("Commune", "Le Touvet")
    seen.fill("E-mail des factures", "factures@example.org")
    seen.press("Enregistrer")
    seen.sees("Changement à valider", "factures@example.org")
    seen.look("ma-famille-adresse-demandee")


def she_tells_the_child_s_health(parent: Person) -> None:
    seen = parent.window
    seen.link(re.compile(CHILD))
    seen.look("fiche-enfant")
    seen.link(re.compile("Santé"))
    seen.fill("Nom du médecin", "Dr Apolline Gravouille")
    seen.fill("Téléphone", "04 65 71 00 99")
    seen.tick("Arachide")
    seen.look("sante")
    seen.page.get_by_text("Ajouter un vaccin", exact=True).click()
    seen.fill("Vaccin", "Diphtérie, tétanos, poliomyélite")
    seen.fill(re.compile("Fait le"), "2024-03-11")
    seen.look("sante-vaccin")
    seen.press("Ajouter ce vaccin")
    seen.sees("Diphtérie, tétanos, poliomyélite", "lundi 11 mars 2024")
    expect(seen.page.get_by_label("Arachide")).to_be_checked()
    seen.press("C’est relu, enregistrer")
    seen.look("sante-enregistree")


def she_is_told_which_documents_are_missing(parent: Person) -> None:
    seen = parent.window
    _ask_for_the_wednesdays(parent)
    seen.sees(f"L’inscription de {CHILD} à « {ACTIVITY} » n’est pas encore possible")
    seen.sees("justificatif de domicile", "attestation d’assurance")
    seen.look("inscription-refusee")


def _ask_for_the_wednesdays(parent: Person) -> None:
    seen = parent.window
    seen.go("/inscriptions/")
    seen.link("Demander une inscription")
    seen.page.get_by_text(ACTIVITY, exact=True).click()
    seen.look("inscription-demande")
    seen.press("Demander cette inscription")


def she_sends_them(parent: Person, folder: Path) -> None:
    seen = parent.window
    bill = write_paper(
        folder / "facture-eau-avril.pdf",
        "Régie des eaux",
        "14 ter, chemin des Quatre-Cailloux",
        "38660 Le Touvet",
    )
    cover = write_paper(
        folder / "assurance-2026-2027.pdf", "Attestation d’assurance scolaire", CHILD, "2026-2027"
    )
    seen.link(re.compile(r"Envoyer ce document\s: Justificatif de domicile"))
    seen.look("documents-foyer")
    seen.page.get_by_label(re.compile(r"Choisir\s: Justificatif de domicile")).set_input_files(bill)
    seen.sees("Nous avons reçu « Justificatif de domicile »")
    seen.look("documents-foyer-recu")
    seen.link(re.compile(CHILD))
    seen.page.get_by_label(re.compile(r"Choisir\s: Attestation d’assurance")).set_input_files(cover)
    seen.sees("Nous avons reçu")
    seen.look("documents-enfant-recu")


# Monday 3 May: both ----------------------------------------------------------------------------


def the_secretary_checks_the_documents(desk: Person) -> None:
    seen = desk.window
    seen.go("/service/")
    seen.look("bureau")
    seen.link(re.compile("Documents à vérifier"))
    seen.sees("2 documents", "Justificatif de domicile", FAMILY)
    paper = seen.page.frame_locator("iframe.paper-file")
    expect(paper.locator("body, embed")).not_to_have_count(0)
    seen.look("document-a-verifier")
    seen.press(re.compile("Valider et passer au suivant"))
    seen.sees("1 document", "Attestation d’assurance", CHILD)
    seen.look("document-a-verifier-enfant")
    seen.press(re.compile("Valider et passer au suivant"))
    seen.sees("Tout est vérifié")
    seen.look("documents-verifies")


def the_secretary_accepts_the_new_address(town: Town, desk: Person, parent: Person) -> None:
    seen = desk.window
    seen.link(re.compile("^Modifications"))
    seen.sees("14 ter, chemin des Quatre-Cailloux", "38660", parent.full_name)
    seen.look("modification")
    seen.press(re.compile("Accepter et continuer"))
    seen.sees("Aucune modification n’attend")
    seen.look("modifications-aucune")
    assert "Le service a accepté votre modification" in town.mail(parent, "Votre modification est acceptée")


def she_asks_again_for_the_wednesdays(town: Town, parent: Person) -> None:
    seen = parent.window
    _ask_for_the_wednesdays(parent)
    seen.sees("Votre demande est envoyée", ACTIVITY)
    seen.look("inscriptions-demandee")
    assert "Vous ne pouvez pas encore réserver" in town.mail(parent, "votre demande d’inscription")


def the_secretary_accepts_the_registration(town: Town, desk: Person, parent: Person) -> None:
    seen = desk.window
    seen.go("/service/")
    seen.link(re.compile("Inscriptions à décider"))
    seen.sees(CHILD, ACTIVITY, "Tous les documents obligatoires sont valables")
    seen.fill("Groupe", "Les Grands Loups (6-11 ans)")
    seen.look("inscription-a-decider")
    seen.press(re.compile("Accepter et prévenir"))
    seen.sees("Tout est décidé")
    seen.look("inscriptions-decidees")
    assert "Vous pouvez maintenant réserver" in town.mail(parent, "inscription acceptée")


# Monday 3 May: the planning --------------------------------------------------------------------


def the_first_wednesday_is_too_late(town: Town, parent: Person) -> None:
    seen = parent.window
    seen.go(town.link_in(parent, "inscription acceptée"))
    seen.sees(ACTIVITY, "du lundi 3 mai au vendredi 7 mai")
    late = square(seen, "matin", "5 mai")
    expect(late).to_contain_text("Trop tard")
    touch(seen, "matin", "5 mai")
    seen.sees("dimanche 2 mai 2027 à 24 h", "Règlement, article 4.3")
    expect(square(seen, "matin", "5 mai")).to_contain_text("Trop tard")
    seen.look("planning-trop-tard")


def a_morning_alone_is_refused_and_mended(parent: Person, day: str) -> None:
    seen = parent.window
    _next_week(parent, day)
    touch(seen, "matin", day)
    expect(square(seen, "matin", day)).to_contain_text("Erreur")
    seen.sees("Le matin du mercredi 12 mai 2027 se réserve avec le repas.", "Règlement, article 4.1")
    expect(seen.page.locator("#barre")).to_contain_text("1 case à corriger")
    seen.look("planning-matin-seul")
    seen.link(re.compile("Ajouter le repas"))
    expect(square(seen, "repas", day)).to_contain_text("Demandé")
    expect(seen.page.get_by_role("alert")).to_have_count(0)
    expect(seen.page.locator("#barre")).not_to_contain_text("à corriger")
    expect(seen.page.locator("#barre")).to_contain_text(re.compile(r"\+\s?13,12"))
    seen.look("planning-matin-et-repas")


def she_books_two_more_wednesdays(parent: Person) -> None:
    for day, units in (("19 mai", ("matin", "repas")), ("26 mai", ("matin", "repas", "après-midi"))):
        _next_week(parent, day)
        for unit in units:
            touch(parent.window, unit, day)


def she_sends_her_changes(parent: Person) -> None:
    seen = parent.window
    expect(seen.page.locator("#barre")).to_contain_text(re.compile(r"\+\s?48,16"))
    seen.look("planning-panier")
    seen.press(re.compile("Envoyer mes 7 changements"))
    seen.sees("7 réservations confirmées")
    expect(square(seen, "après-midi", "26 mai")).to_contain_text("Confirmé")
    seen.look("planning-confirme")


def _next_week(parent: Person, day: str) -> None:
    parent.window.link("Semaine d’après")
    expect(square(parent.window, "matin", day)).to_be_visible()


# Two Wednesdays --------------------------------------------------------------------------------


def the_head_ticks(head: Person, day: str, answer: str) -> None:
    seen = head.window
    head.logs_in_at("/service/pointage/")
    seen.look(f"pointage-{day}")
    seen.link(re.compile(ACTIVITY))
    seen.sees(CHILD, "Arachide")
    for unit in ("Matin", "Repas"):
        seen.link(re.compile(f"^{unit}"))
        box = seen.page.get_by_label(re.compile(rf"{CHILD}.*\s: {answer.lower()}"))
        seen.page.locator("label.pick", has=box).click()
        expect(seen.page.locator("#bilan")).to_contain_text("Enregistré")
    seen.look(f"appel-{day}")


# 15 June ---------------------------------------------------------------------------------------


def the_accountant_bills_may(accountant: Person) -> None:
    seen = accountant.window
    accountant.logs_in_at("/service/facturation/")
    seen.look("facturation")
    seen.press("Voir l’aperçu")
    seen.sees("Facturer mai 2027", FAMILY, "48,16 €")
    seen.look("facturation-apercu")
    seen.press(re.compile("Émettre 1 facture, 48,16 €"))
    seen.sees("Mai 2027 : 1 facture, 48,16 €")
    seen.look("facturation-faite")


def she_opens_her_invoice_from_the_mail(town: Town, parent: Person) -> None:
    seen = parent.window
    words = flat(town.mail("factures@example.org", "Votre facture de mai 2027"))
    assert "48,16 €" in words and "samedi 10 juillet 2027" in words
    seen.go(town.link_in("factures@example.org", "Votre facture de mai 2027"))
    expect(seen.page).to_have_url(re.compile("/connexion"))
    parent.logs_in(look=True)
    seen.sees("Facture de mai 2027", "48,16 €", "samedi 10 juillet", "3 × ", "8,80 €", "4,32 €")
    seen.look("facture")


def the_pdf_says_the_same(parent: Person, folder: Path) -> None:
    with parent.window.page.expect_download() as awaited:
        parent.window.link(re.compile("Télécharger la facture"))
    path = folder / awaited.value.suggested_filename
    awaited.value.save_as(path)
    words = text_of(path)
    why = "quotient non fourni, prix le plus haut :"
    for line in (
        f"Mercredis des Grappaloups, matin {why} 8,80 € 3 8,80 € 26,40 €",
        f"Mercredis des Grappaloups, repas {why} 4,32 € 3 4,32 € 12,96 €",
        f"Mercredis des Grappaloups, après-midi {why} 8,80 € 1 8,80 € 8,80 €",
        "Total à payer 48,16 €",
        "à payer jusqu’au samedi 10 juillet 2027",
        f"{parent.full_name} 14 ter, chemin des Quatre-Cailloux 38660 Le Touvet",
        f"{CHILD} {CHILD_NAME}",
    ):
        assert line in words, words
    parent.window.go("/factures/")
    parent.window.look("factures")

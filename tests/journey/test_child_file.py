"""A child's file, questions, publications and messages, as a parent on a phone (rows F6-F11, S1, C1)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import ServerFactory
from tests.journey.home import JUNE, Home, focused, named, opened, tab_to
from tests.journey.papers import write_paper
from tests.journey.window import Window, flat

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]
VIRGINIE, DESK, SETTINGS = (
    "virginie.durandet@example.org",
    "secretariat@example.org",
    "parametrage@example.org",
)
BLUE = "one => getComputedStyle(one.nextElementSibling).backgroundColor"


@pytest.fixture(scope="module")
def home(module_server: ServerFactory, browser: Browser) -> Iterator[Home]:
    home = Home(module_server(demo=True, MARELLE_NOW=JUNE), browser, "fiche-enfant")
    settings = home.enter(SETTINGS, "desk")
    settings.go("/service/annees-scolaires/creer")
    for name, words in (("code", "2027-2028"), ("starts_on", "2027-09-01"), ("ends_on", "2028-08-31")):
        settings.page.locator(f"main [name={name}]").fill(words)
    settings.page.locator(".save button[type=submit]").click()
    settings.sees("2027-2028")
    yield from opened(home)


@pytest.fixture(scope="module")
def virginie(home: Home) -> Window:
    return home.enter(VIRGINIE)


@pytest.fixture(scope="module")
def desk(home: Home) -> Window:
    return home.enter(DESK, "desk")


def child(seen: Window, name: str = "Anouk", part: str = "") -> str:
    """The child's page, or one of its parts; its address."""
    seen.go("/ma-famille")
    seen.link(re.compile(f"{name} Durandet"))
    expect(seen.page.get_by_role("heading", level=1)).to_contain_text(name)
    if part:
        seen.link(re.compile(part))
        expect(seen.page.get_by_role("heading", level=1)).not_to_have_text(f"{name} Durandet")
    return seen.page.url


def saved(seen: Window) -> None:
    """It says so."""
    expect(seen.page.locator(".done").first).to_contain_text("Enregistré")


# --- F7, F8: nursery, schooling, meals ---


def test_schooling_and_diet_are_declared_and_shown_again(virginie: Window) -> None:
    address = child(virginie, part="Scolarité")
    virginie.look("scolarite")
    expect(virginie.page.get_by_label("Classe")).to_have_value("ce2")  # the class after this year's
    virginie.fill("Enseignant", "Mme Pivoine")
    virginie.tick("Sans poisson")
    virginie.press("Enregistrer mes réponses")
    saved(virginie)
    virginie.go(address)
    expect(virginie.page.get_by_label("Enseignant")).to_have_value("Mme Pivoine")
    expect(virginie.page.get_by_label("Sans poisson")).to_be_checked()


def test_the_nurserys_part_is_for_its_children_alone(virginie: Window) -> None:
    child(virginie)
    expect(virginie.page.get_by_role("link", name=re.compile("[Mm]ulti-accueil"))).to_have_count(0)
    answer = virginie.page.goto(virginie.page.url + "/multi-accueil")
    assert answer is not None and answer.status == 404


# --- F9: contacts ---


def test_a_person_is_added_with_what_they_may_do_for_each_child(virginie: Window) -> None:
    virginie.go("/ma-famille/ajouter")
    virginie.press("Ajouter cette personne")
    expect(virginie.page.locator(".sum-err")).to_be_focused()
    virginie.look("personne-erreur")
    virginie.page.locator("[name=first_name]").fill("Paulette")
    virginie.page.locator("[name=last_name]").fill("Tamarchière")
    virginie.fill("Téléphone portable", "06 39 98 00 05")
    virginie.fill("Lien avec Anouk", "voisine")
    virginie.tick("Peut venir chercher Anouk")
    virginie.fill("Lien avec Mahé", "voisine")
    virginie.page.get_by_role("group", name="Mahé").get_by_text("À prévenir en urgence").click()
    virginie.look("personne")
    virginie.press("Ajouter cette personne")
    expect(virginie.page.locator(".done").first).to_be_visible()
    virginie.go("/ma-famille")
    virginie.sees("Paulette Tamarchière")
    child(virginie, part="Qui peut venir")
    group = virginie.page.get_by_role("group", name="Paulette Tamarchière")
    expect(group.get_by_label("Peut venir chercher Anouk")).to_be_checked()
    virginie.look("contacts")


# --- F10: health ---


def test_health_is_told_with_words_that_turn_blue_and_a_vaccine(virginie: Window) -> None:
    address = child(virginie, part="Santé")
    virginie.look("sante")
    virginie.fill("Nom du médecin", "Dr Apolline Gravouille")
    word = virginie.page.get_by_label("Arachide")
    before = word.evaluate(BLUE)
    virginie.tick("Arachide")
    virginie.page.mouse.move(0, 0)
    assert word.evaluate(BLUE) != before
    virginie.page.locator("summary", has_text="Ajouter un vaccin").click()
    virginie.fill("Vaccin", "Diphtérie")
    virginie.fill("Fait le", "2020-03-02")
    virginie.fill("Rappel le", "2030-03-02")
    virginie.look("sante-vaccin")
    virginie.page.locator("main button[type=submit], [aria-label='Action principale'] button").last.click()
    saved(virginie)
    virginie.go(address)
    expect(virginie.page.get_by_label("Nom du médecin")).to_have_value("Dr Apolline Gravouille")
    expect(virginie.page.get_by_label("Arachide")).to_be_checked()
    virginie.sees("2 mars 2020", "rappel le")


def test_health_words_with_the_keyboard_alone(virginie: Window) -> None:
    address = child(virginie, "Mahé", "Santé")
    page = virginie.page
    tab_to(page, named("Pollens"))
    page.keyboard.press("Space")
    expect(page.get_by_label("Pollens")).to_be_checked()
    tab_to(page, named("Varicelle"))
    page.keyboard.press("Space")
    tab_to(page, named("nregistrer"))
    page.keyboard.press("Enter")
    saved(virginie)
    virginie.go(address)
    for word in ("Pollens", "Varicelle"):
        expect(page.get_by_label(word)).to_be_checked()


# --- F11 and questions ---


def test_a_required_answer_that_is_missing_loses_nothing(virginie: Window) -> None:
    address = child(virginie, part="Autorisations")
    virginie.look("autorisations")
    transport = virginie.page.get_by_role("group", name=re.compile("transport de mon enfant"))
    swims = virginie.page.get_by_role("group", name=re.compile("se baigner"))
    swims.get_by_label("Oui").check()
    virginie.press("Enregistrer mes réponses")
    expect(virginie.page.locator(".sum-err")).to_be_focused()
    expect(swims.get_by_label("Oui")).to_be_checked()
    virginie.look("autorisations-erreur")
    virginie.page.locator(".sum-err a").first.click()
    focused(virginie.page)
    transport.get_by_label("Non").check()
    virginie.press("Enregistrer mes réponses")
    saved(virginie)
    virginie.go(address)
    expect(transport.get_by_label("Non")).to_be_checked()


def test_a_question_that_a_configurator_adds_is_met_answered_and_read(
    home: Home, virginie: Window, desk: Window
) -> None:
    settings = home.enter(SETTINGS, "desk")
    settings.go("/service/questions/creer")
    form = settings.page.locator("main")
    form.locator("[name=code]").fill("velo")
    form.locator("[name=label]").fill("Votre enfant sait-il faire du vélo ?")
    form.locator("[name=question_kind]").select_option(label="Oui ou non")
    form.locator("[name=section]").select_option(label="Autorisations")
    settings.look("question")
    settings.page.locator(".save button[type=submit]").click()
    settings.sees("vélo")
    child(virginie, part="Autorisations")
    group = virginie.page.get_by_role("group", name=re.compile("faire du vélo"))
    group.get_by_label("Oui").check()
    virginie.press("Enregistrer mes réponses")
    saved(virginie)
    desk.go("/service/personnes/?q=anouk+durandet")
    desk.link(re.compile("Durandet"), desk.page.locator("tbody"))
    words = flat(desk.page.locator("main").inner_text())
    assert re.search(r"faire du vélo \? Oui", words), words[:1500]


# --- S1, C1 ---


def test_publications_are_read_by_facility_and_downloaded(virginie: Window) -> None:
    virginie.go("/documentation/")
    virginie.look("documentation")
    part = virginie.page.get_by_role("region", name="Les Grappaloups")
    with virginie.page.expect_download() as told:
        part.get_by_role("link", name=re.compile("Télécharger Programme")).click()
    assert Path(told.value.path()).read_bytes().startswith(b"%PDF-")


def test_a_message_goes_to_a_facility_is_answered_and_its_words_stay_out_of_mails(
    home: Home, virginie: Window, desk: Window, tmp_path: Path
) -> None:
    virginie.go("/contact/ecrire")
    virginie.press("Envoyer mon message")
    expect(virginie.page.locator(".sum-err")).to_be_focused()
    virginie.look("message-erreur")
    virginie.fill("À quelle structure ?", "Restaurant scolaire")
    virginie.fill("Objet", "Repas d’Anouk")
    virginie.fill("Votre message", "Anouk est allergique au kiwi depuis peu.")
    paper = write_paper(tmp_path / "ordonnance.pdf", "Ordonnance", "Allergie au kiwi")
    virginie.page.locator("input[type=file]").set_input_files(paper)
    virginie.press("Envoyer mon message")
    virginie.sees("Anouk est allergique au kiwi", "ordonnance")
    virginie.look("conversation")

    desk.go("/service/messages/")
    desk.link(re.compile("Repas d’Anouk"))
    desk.sees("Anouk est allergique au kiwi")
    desk.look("message-du-service")
    desk.page.locator("textarea").first.fill("C’est noté, nous retirons le kiwi.")
    desk.press(re.compile("Répondre|Envoyer"))
    letter = home.mail(VIRGINIE, "répon")
    assert "kiwi" not in letter and "allergique" not in letter

    virginie.go("/accueil/")
    virginie.sees("1 nouvelle réponse", "Une réponse de la structure est arrivée.")
    virginie.go("/contact/")
    virginie.link(re.compile("Repas d’Anouk"))
    virginie.sees("C’est noté, nous retirons le kiwi.")
    virginie.go("/accueil/")
    expect(virginie.page.get_by_text("1 nouvelle réponse")).to_have_count(0)


def test_all_that_is_held_is_downloaded(virginie: Window) -> None:
    virginie.go("/mes-donnees/")
    virginie.look("mes-donnees")
    with virginie.page.expect_download() as told:
        virginie.press(re.compile("Télécharger"))
    with ZipFile(told.value.path()) as packed:
        held = json.loads(packed.read("famille.json"))
    assert any("Paulette" in str(one) for one in held["fiches"].values())


# --- F6: the freeze, last: the clock moves ---


def test_a_part_closes_with_july_says_whom_to_tell_and_refuses_an_old_tab(
    home: Home, virginie: Window
) -> None:
    address = child(virginie, part="Santé")
    virginie.sees("jusqu’au samedi 31 juillet")
    home.server.travel("2027-07-31T23:58")
    virginie.go(address)
    if "/connexion" in virginie.page.url:  # a night later one logs in again
        virginie = home.enter(VIRGINIE)
        virginie.go(address)
    virginie.fill("Nom du médecin", "Dr Trop Tard")
    home.server.travel("2027-08-01T00:00")
    virginie.page.locator("[aria-label='Action principale'] button").last.click()
    virginie.page.wait_for_load_state()
    virginie.sees("Rien n’est enregistré")
    virginie.look("sante-trop-tard")
    virginie.go(address)
    virginie.sees("ne se modifie plus ici depuis le dimanche 1er août", "Prévenez la structure")
    expect(virginie.page.get_by_label("Nom du médecin")).not_to_be_editable()
    expect(virginie.page.get_by_label("Nom du médecin")).to_have_value("Dr Apolline Gravouille")
    expect(virginie.page.locator("[aria-label='Action principale'] button")).to_have_count(0)
    virginie.look("sante-fermee")
    virginie.go("/accueil/")
    virginie.look("accueil-apres-le-gel")

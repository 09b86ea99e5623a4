"""Entering, the dashboard, *Ma famille* and the history, as a parent on a phone (rows A, T, F1-F5, H1)."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import ServerFactory
from tests.journey.home import JUNE, Home, focused, named, opened, tab_to
from tests.journey.window import Window, flat

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]
VIRGINIE, YVES, DESK = (
    "virginie.durandet@example.org",
    "yves.diallonet@example.org",
    "secretariat@example.org",
)
CHOSEN = "sept pigeons sur le toit bleu"
TILES = (
    ("Ma famille", "/ma-famille"),
    ("Mes documents", "/documents"),
    ("Inscriptions et réservations", "/inscriptions"),
    ("Mes factures", "/factures"),
    ("Historique de mes actions", "/historique"),
    ("Documentation", "/documentation"),
    ("Contacter la structure", "/contact"),
)


@pytest.fixture(scope="module")
def home(module_server: ServerFactory, browser: Browser) -> Iterator[Home]:
    yield from opened(Home(module_server(demo=True, MARELLE_NOW=JUNE), browser, "ma-famille"))


@pytest.fixture(scope="module")
def virginie(home: Home) -> Window:
    return home.enter(VIRGINIE)


@pytest.fixture(scope="module")
def desk(home: Home) -> Window:
    return home.enter(DESK, "desk")


# --- A: entering ---


def test_a_wrong_password_says_so_and_a_forgotten_one_is_chosen_again(home: Home) -> None:
    seen = home.window()
    seen.go("/connexion")
    seen.look("connexion")
    seen.fill("Adresse e-mail", YVES)
    seen.fill("Mot de passe", "pas le bon")
    seen.press("Se connecter")
    seen.sees("Vous n’êtes pas connecté.")
    expect(seen.page.get_by_label("Adresse e-mail")).to_have_value(YVES)
    seen.look("connexion-refusee")
    seen.link(re.compile("oublié"))
    seen.look("mot-de-passe-oublie")
    seen.fill("Adresse e-mail", YVES)
    seen.press("Recevoir un lien")
    seen.sees(f"Si {YVES} est l’adresse d’un compte")  # whoever asks learns nothing
    link = re.search(r"https?://\S+/bienvenue/\S+", home.mail(YVES, "mot de passe"))
    assert link is not None
    seen.go(link[0])
    seen.fill("Mot de passe", "court")
    seen.press(re.compile("Enregistrer"))
    expect(seen.page.get_by_label("Mot de passe").first).to_have_attribute("aria-invalid", "true")
    seen.look("mot-de-passe-trop-court")
    seen.fill("Mot de passe", CHOSEN)
    seen.press(re.compile("Enregistrer"))
    expect(seen.page.get_by_role("heading", name="Bonjour Yves")).to_be_visible()
    seen.go(link[0])
    expect(seen.page.get_by_label("Mot de passe")).to_have_count(0)
    seen.look("lien-deja-servi")


def test_the_password_is_changed_at_any_time(home: Home) -> None:
    account = next(one for one in home.server.accounts() if one["role"] == "Parent, autre foyer")
    seen = home.enter(account["email"])
    seen.press("Menu")
    seen.link("Mon mot de passe")
    seen.look("mon-mot-de-passe")
    fields = seen.page.locator("input[type=password]")
    for field, words in zip(
        fields.all(), (account["password"], *["trois renards dans la neige"] * 2), strict=False
    ):
        field.fill(words)
    seen.page.locator("main button[type=submit]").last.click()
    expect(
        seen.page.locator(".done, [role=status]").filter(has_text=re.compile("mot de passe")).first
    ).to_be_visible()


# --- T: the dashboard ---


def test_every_tile_leads_to_its_part(virginie: Window) -> None:
    virginie.go("/accueil/")
    virginie.look("accueil")
    for name, address in TILES:
        virginie.go("/accueil/")
        tiles = virginie.page.get_by_role("navigation", name="Toutes les rubriques")
        tiles.get_by_role("link", name=name).click()
        expect(virginie.page).to_have_url(re.compile(re.escape(address)))
        expect(virginie.page.get_by_role("heading", level=1)).to_be_visible()


def test_the_menu_opens_the_same_entries_on_each_page_and_closes_with_escape(virginie: Window) -> None:
    entries: list[str] = []
    for address in ("/accueil/", "/ma-famille", "/documents/", "/historique/"):
        virginie.go(address)
        virginie.press("Menu")
        menu = virginie.page.get_by_role("dialog", name="Menu")
        expect(menu).to_be_visible()
        found = menu.get_by_role("navigation", name="Rubriques").get_by_role("link").all_inner_texts()
        assert not entries or found == entries
        entries = found
        virginie.page.keyboard.press("Escape")
        expect(menu).not_to_be_visible()
        expect(virginie.page.get_by_role("button", name="Menu")).to_be_focused()
    assert len(entries) >= 9


def test_what_is_expected_comes_in_order_each_with_its_button(virginie: Window) -> None:
    virginie.go("/accueil/")
    todos = virginie.page.get_by_role("region", name="Ce que nous attendons de vous").get_by_role("link")
    expect(todos.first).to_be_visible()
    words = [flat(one) for one in todos.all_inner_texts()]
    ranks = [
        next(n for n, one in enumerate(words) if start in one)
        for start in ("document refusé", "Il manque", "La fiche d’Anouk")
    ]
    assert ranks == sorted(ranks) and ranks[0] == 0
    for rank in range(len(words)):
        virginie.go("/accueil/")
        todos.nth(rank).click()
        expect(virginie.page).not_to_have_url(re.compile("/accueil"))
        expect(virginie.page.get_by_role("heading", level=1)).to_be_visible()


def test_two_homes_are_switched_on_every_page_and_never_mixed(home: Home) -> None:
    seen = home.enter(YVES, password=CHOSEN)
    pages = (
        "/accueil/",
        "/ma-famille",
        "/documents/",
        "/inscriptions/",
        "/factures/",
        "/historique/",
        "/contact/",
    )
    for address in pages:
        seen.go(address)
        expect(seen.page.get_by_role("button", name=re.compile("Voir la famille Diallonet-"))).to_be_visible()
    seen.go("/ma-famille")
    here = seen.page.locator("main").inner_text()
    seen.look("deux-foyers")
    seen.press(re.compile("Voir la famille Diallonet-"))
    seen.go("/ma-famille")
    there = seen.page.locator("main").inner_text()
    assert "Iris" in here and "Iris" not in there
    expect(seen.page.get_by_role("button", name="Voir la famille Diallonet", exact=True)).to_be_visible()
    for address in pages:
        seen.go(address)
        assert "Iris" not in seen.page.locator("main").inner_text(), address


# --- F1 to F5: Ma famille ---


def test_guardians_are_in_the_blue_part_and_children_in_the_white_one(virginie: Window) -> None:
    virginie.go("/ma-famille")
    virginie.look("ma-famille")
    parts = {
        name: virginie.page.get_by_role("region", name=name).locator(".list").first
        for name in ("Responsables légaux", "Enfants")
    }
    colours = {
        name: one.evaluate("one => getComputedStyle(one).backgroundColor") for name, one in parts.items()
    }
    expect(parts["Responsables légaux"]).to_contain_text("Virginie Durandet")
    expect(parts["Enfants"]).to_contain_text("Anouk Durandet")
    assert colours["Responsables légaux"] != colours["Enfants"]
    for name in ("Virginie Durandet", "Anouk Durandet"):
        virginie.go("/ma-famille")
        virginie.link(re.compile(name))
        expect(virginie.page.get_by_role("heading", level=1)).to_have_text(name)


def test_a_phone_is_saved_at_once_and_a_wrong_one_loses_nothing(virginie: Window) -> None:
    virginie.go("/ma-famille")
    virginie.link(re.compile("Virginie Durandet"))
    expect(virginie.page.locator("label", has_text="Prénom").locator(".req")).to_be_visible()
    virginie.fill("Profession", "capitaine au long cours")
    virginie.fill("Téléphone portable", "12")
    virginie.press("Enregistrer la fiche")
    expect(virginie.page.locator(".sum-err")).to_be_focused()
    expect(virginie.page.get_by_label("Téléphone portable")).to_have_attribute("aria-invalid", "true")
    expect(virginie.page.get_by_label("Profession")).to_have_value("capitaine au long cours")
    virginie.look("fiche-erreur")
    virginie.page.locator(".sum-err a").click()
    expect(virginie.page.get_by_label("Téléphone portable")).to_be_focused()
    virginie.fill("Téléphone portable", "06 39 98 11 22")
    virginie.press("Enregistrer la fiche")
    expect(virginie.page.locator(".done")).to_contain_text(re.compile("^Enregistré"))
    virginie.sees("06 39 98 11 22")


def test_a_new_address_waits_is_refused_with_its_reason_and_another_is_accepted(
    home: Home, virginie: Window, desk: Window
) -> None:
    virginie.go("/ma-famille/foyer")
    virginie.fill("Numéro et voie", "7 rue des Capucines")
    virginie.press("Enregistrer")
    virginie.sees("Changement à valider")
    virginie.go("/ma-famille/foyer")
    virginie.sees("Votre demande attend l’accord du service")
    expect(virginie.page.get_by_label("Numéro et voie")).to_have_value("7 rue des Capucines")
    virginie.look("adresse-en-attente")

    desk.go("/service/modifications/")
    while "7 rue des Capucines" not in desk.page.locator("main").inner_text():
        desk.page.keyboard.press("j")
        desk.page.wait_for_load_state()
    desk.look("modification")
    desk.page.get_by_text("Il nous faut un justificatif").click()
    desk.press(re.compile("Refuser et prévenir"))
    desk.sees("Refusée")
    assert "justificatif" in home.mail(VIRGINIE, "modification").lower()

    virginie.go("/accueil/")
    virginie.sees("modification refusée")
    virginie.look("accueil-modification-refusee")
    virginie.go("/ma-famille/foyer")
    virginie.fill("Numéro et voie", "9 rue des Capucines")
    virginie.press("Enregistrer")
    virginie.sees("Envoyé au service pour le foyer")
    desk.go("/service/modifications/")
    while "9 rue des Capucines" not in desk.page.locator("main").inner_text():
        desk.page.keyboard.press("j")
        desk.page.wait_for_load_state()
    desk.page.keyboard.press("v")
    desk.sees("Acceptée")
    virginie.go("/ma-famille")
    virginie.sees("9 rue des Capucines")


def test_who_answers_for_the_invoices_is_said_and_a_parent_alone_is_warned(
    home: Home, virginie: Window
) -> None:
    virginie.go("/ma-famille")
    virginie.sees("Sur la facture : Virginie Durandet et Rémi Durandet.")
    alone = home.enter(YVES, password=CHOSEN)
    alone.go("/ma-famille")
    if "Iris" not in alone.page.locator("main").inner_text():
        alone.press("Voir la famille Diallonet")
        alone.go("/ma-famille")
    alone.sees("et personne d’autre", "le Trésor public s’adresse à cette seule personne")


def test_the_address_of_invoices_is_the_households(virginie: Window) -> None:
    virginie.go("/ma-famille/foyer")
    virginie.fill("E-mail des factures", "factures.durandet")
    virginie.press("Enregistrer")
    expect(virginie.page.get_by_label("E-mail des factures")).to_have_value("factures.durandet")
    virginie.look("foyer-erreur")
    virginie.fill("E-mail des factures", "factures.durandet@example.org")
    virginie.press("Enregistrer")
    expect(virginie.page.locator(".done").first).to_be_visible()
    virginie.go("/ma-famille")
    virginie.sees("factures.durandet@example.org")


def test_my_family_with_the_keyboard_alone(virginie: Window) -> None:
    page = virginie.page
    virginie.go("/accueil/")
    page.keyboard.press("Tab")
    assert "Aller au contenu" in focused(page).inner_text()
    tab_to(page, named("Ma famille"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/ma-famille"))
    tab_to(page, named("Rémi Durandet"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rémi Durandet")
    tab_to(page, named("Téléphone portable"))
    page.keyboard.press("Control+a")
    page.keyboard.type("06 39 98 33 44")
    tab_to(page, named("Enregistrer la fiche"))
    page.keyboard.press("Enter")
    expect(page.locator(".done")).to_contain_text(re.compile("^Enregistré"))
    virginie.sees("06 39 98 33 44")


# --- H1: the history ---


def test_the_history_tells_in_french_what_was_done_by_week_and_by_month(virginie: Window) -> None:
    virginie.go("/historique/")
    virginie.link("Par semaine")
    virginie.sees("Vous avez ouvert votre espace famille", "éléphone portable")
    virginie.look("historique-semaine")
    virginie.link("Par mois")
    virginie.sees("éléphone portable")
    virginie.look("historique-mois")
    virginie.go("/historique/?par=mois&le=2026-01-05")
    virginie.look("historique-vide")

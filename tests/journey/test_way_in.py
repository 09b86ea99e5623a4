"""Parents come in: a link that is over, two parents, two homes, what is expected, keyboard (A3, A5, T3)."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journey import test_main_job as story
from tests.journey.papers import write_paper
from tests.journey.parents import (
    BLUE,
    COLLECT,
    PARENT,
    REFUSED,
    TWO_HOMES,
    WHITE,
    at_the_door,
    heading,
    home_in_view,
    inside,
    is_told_what_is_wrong,
    menu_of,
    part,
    people,
    sheet,
    switch_to,
    tab_to,
    todo_lines,
    todos,
    whose,
)
from tests.journey.people import Person, Town
from tests.journey.window import PICTURES, Album, Window, flat
from tests.support.server import Server
from tests.support.smtp import Listener

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

# Each verb of what is expected, in the order of urgency: where it leads, and what that page is called.
TODO = {
    "Lire": "Contacter la structure",
    "Renvoyer": "Mes documents",
    "Envoyer": "Mes documents",
    "Compléter": "",
    "Écrire": "Contacter la structure",
    "Corriger": "",
    "Payer": "Mes factures",
    "Relire": "",
}
URGENCY = {"Lire": 0, "Renvoyer": 1, "Envoyer": 2, "Compléter": 3, "Écrire": 3, "Corriger": 4, "Payer": 5}


def test_a_first_link_that_is_over_says_whom_to_ask_and_is_sent_again(
    server: Callable[..., Server], smtp: Listener, browser_page: Callable[..., Page], tmp_path: Path
) -> None:
    started = server(demo=False, MARELLE_NOW="2027-05-03T09:00", **smtp.environ())
    town = Town(started, smtp, browser_page, Album(PICTURES / "a_first_link_that_is_over"))
    desk = story.the_secretary_chooses_a_password(town)
    story.the_secretary_makes_the_family(desk)
    window = Window(browser_page(base_url=started.url, expected=REFUSED), "phone", town.album)
    parent = Person("Inès", "Marchadier-Oualid", "ines@example.org", "cerises quatre tambours", window)
    story.the_secretary_adds_the_mother(desk, parent)
    story.the_secretary_invites_the_mother(desk, parent)
    access, stale = desk.window.page.url, town.link_in(parent, "Votre espace famille vous attend")
    parent.window.go(stale)
    heading(parent.window, "Bienvenue, Inès")
    smtp.clear()

    town.server.travel("2027-05-06T10:00")
    parent.window.go(stale)
    heading(parent.window, "Ce lien ne sert plus")
    parent.window.sees("pendant 72 heures", "Contactez", "un nouveau lien part aussitôt par e-mail")
    parent.window.look("lien-perime")
    desk.logs_in_at(access)
    desk.window.sees("Le lien ne sert plus.")
    desk.window.press(re.compile("Renvoyer l’invitation"))
    desk.window.sees(f"L’invitation part vers {parent.email}.")
    desk.window.look("invitation-renvoyee")
    parent.chooses_a_password(town.link_in(parent, "Votre espace famille vous attend"))
    parent.window.sees("Bonjour Inès", "Ce que nous attendons de vous")
    bill = write_paper(tmp_path / "facture-eau-avril.pdf", "Régie des eaux", "38660 Le Touvet")
    parent.window.link(re.compile("Il manque le justificatif de domicile"))
    parent.window.page.get_by_label(re.compile(r"Choisir\s: Justificatif de domicile")).set_input_files(bill)
    parent.window.sees("Nous avons reçu « Justificatif de domicile »")
    parent.window.go("/accueil")
    parent.window.sees("Rien pour le moment : tout est à jour.")
    parent.window.look("accueil-sans-rien")
    parent.window.go("/ma-famille")
    parent.window.sees("Aucun enfant pour le moment", "Personne d’autre que vous")
    parent.window.look("ma-famille-sans-enfant")


def test_each_parent_of_a_home_has_an_account_of_their_own(demo_town: Town) -> None:
    parent = inside(demo_town, PARENT)
    seen = parent.window
    seen.go("/ma-famille")
    both, children = people(seen, BLUE), people(seen, WHITE)
    seen.link(re.compile(both[1]))
    other = at_the_door(demo_town, PARENT)
    other.email = seen.page.get_by_label("E-mail").input_value()
    seen.fill("Profession", "luthière")
    seen.press("Enregistrer la fiche")
    seen.sees("Enregistré à")

    other.logs_in()
    other.window.sees(f"Famille {parent.last_name}", both[1].split()[0])
    other.window.go("/ma-famille")
    assert (people(other.window, BLUE), people(other.window, WHITE)) == (both, children)
    other.window.go("/mon-mot-de-passe")
    other.window.sees(f"Vous vous connectez avec {other.email}.")
    other.window.go("/historique/")
    other.window.sees("Vous avez ouvert votre espace famille", f"{both[0]} a modifié", "Profession")
    today = other.window.page.get_by_role("region", name="Aujourd’hui")  # the demonstration has others
    expect(today.get_by_text("Vous avez ouvert votre espace famille")).to_have_count(1)
    other.window.look("historique-de-l-autre-parent")


def test_one_account_opens_two_homes_and_never_mixes_them(demo_town: Town) -> None:
    parent = inside(demo_town, TWO_HOMES)
    seen = parent.window
    entries = menu_of(seen)
    first, others = home_in_view(seen)
    names = {first: everybody(seen)}
    switch_to(seen, others)
    second, back = home_in_view(seen)
    assert (second, back) == (others, first)
    names[second] = everybody(seen)
    hers, his = names[second] - names[first], names[first] - names[second]
    assert hers and his, names

    private = str(part(seen, WHITE).get_by_role("link").first.get_attribute("href"))
    for home, hidden in ((second, his), (first, hers)):
        if home_in_view(seen)[0] != home:
            switch_to(seen, home)
        for address in [*entries.values(), "/ma-famille/foyer", "/ma-famille/ajouter", "/mon-mot-de-passe"]:
            seen.go(address)
            assert home_in_view(seen)[0] == home, address
            expect(whose(seen).get_by_role("button")).to_be_in_viewport()
            words = flat(seen.page.locator("main").inner_text())
            assert not [name for name in hidden if name in words], (address, words)
        seen.look(f"accueil-{home}")
    seen.go(private)
    heading(seen, "Cette page n’existe pas")
    expect(seen.page.locator("main")).not_to_contain_text(re.compile("|".join(map(re.escape, hers))))
    seen.look("l-autre-foyer-introuvable")


def everybody(window: Window) -> set[str]:
    """Whoever « Ma famille » names."""
    window.go("/ma-famille")
    return {name for title in (BLUE, WHITE, COLLECT) for name in people(window, title)}


@pytest.mark.parametrize("role", [PARENT, TWO_HOMES])
def test_what_is_expected_comes_in_order_and_leads_to_its_page(demo_town: Town, role: str) -> None:
    seen = inside(demo_town, role).window
    expected = todos(seen)
    assert expected, "this home has nothing to do"
    seen.look("attendu")
    ranks = [URGENCY[verb] for _, verb in expected if verb != "Relire"]
    assert ranks == sorted(ranks), expected
    for rank, (sentence, verb) in enumerate(expected):
        seen.go("/accueil")
        todo_lines(seen).nth(rank).click()
        if TODO[verb]:
            heading(seen, TODO[verb])
        if verb in ("Renvoyer", "Envoyer"):
            document_is_asked(seen, sentence)
        elif verb == "Payer":
            seen.sees(re.findall(r"[\d ]+,\d\d €", sentence)[0].strip())
        elif verb in ("Compléter", "Relire", "Corriger"):
            expect(seen.page.locator("main form, main a.person").first).to_be_visible()


def document_is_asked(window: Window, sentence: str) -> None:
    """The page shows the very document of that line, first among those to send, and a way to send it."""
    window.page.wait_for_load_state("load")
    if sentence.startswith("Il manque ") and sentence.endswith(" documents."):
        return
    asked = part(window, "À envoyer").get_by_role("heading", level=3)
    names = [flat(one.inner_text()).replace("(obligatoire)", "").strip(" *").lower() for one in asked.all()]
    names = [re.sub(r" \d{4}-\d{4}.*", "", name).strip(" *") for name in names]
    assert any(name in sentence.lower() for name in names), (sentence, names)


def test_ma_famille_from_one_end_to_the_other_by_keyboard(demo_town: Town) -> None:
    seen = inside(demo_town, PARENT).window
    keys = seen.page.keyboard
    tab_to(seen, "Aller au contenu")
    keys.press("Enter")
    expect(seen.page.locator("main")).to_be_focused()
    tab_to(seen, "Ma famille")
    keys.press("Enter")
    heading(seen, "Ma famille")
    name = people(seen, BLUE)[0]
    tab_to(seen, f".*{name}")
    keys.press("Enter")
    heading(seen, name)
    tab_to(seen, "Téléphone portable")
    keys.type("06 3")
    keys.press("Enter")
    is_told_what_is_wrong(seen, "Rien n’est enregistré : 1 point est à corriger")
    tab_to(seen, "Téléphone portable")
    keys.press("Enter")
    expect(seen.page.get_by_label("Téléphone portable")).to_be_focused()
    keys.press("Shift+Tab")
    keys.press("Tab")  # what is in the field is chosen: typing replaces it
    keys.type("06 39 98 77 66")
    tab_to(seen, "Enregistrer la fiche")
    keys.press("Space")
    seen.sees("Enregistré à", "téléphone portable", "06 39 98 77 66")
    tab_to(seen, "Menu")
    keys.press("Space")
    expect(sheet(seen)).to_be_visible()
    keys.press("Escape")
    expect(seen.page.get_by_role("button", name="Menu", exact=True)).to_be_focused()
    keys.press("Enter")
    tab_to(seen, "Accueil")
    keys.press("Enter")
    seen.sees("Ce que nous attendons de vous")
    seen.look("revenu-a-l-accueil")

"""Every kind of generated page at a real browser: checked by axe at two widths, used by keyboard alone."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.conftest import ServerFactory
from tests.support.browser import SCREENS, Watch, axe, open_window
from tests.support.server import Server

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
REFUSED = ("status of 422", "status of 409", "status of 404", "status of 403")
DEMO_ROLES = {"configurator": "Paramétrage", "desk": "Secrétariat", "family": "Parent"}
FOCUS_SHOWS = """one => [one, one.closest('.ts-control'), one.closest('.ts-wrapper'), one.closest('label')]
  .filter(Boolean).some((each) => { const its = getComputedStyle(each);
    return its.outlineStyle !== 'none' && parseFloat(its.outlineWidth) > 0 || its.boxShadow !== 'none'; })"""


@pytest.fixture(scope="module")
def town(module_server: ServerFactory) -> Server:
    """The demonstration town on a real server."""
    return module_server(demo=True)


@pytest.fixture(scope="module")
def people(town: Server, browser: Browser) -> Iterator[dict[str, Page]]:
    """One window a role, logged in once."""
    windows: list[Watch] = []
    found: dict[str, Page] = {}
    for name, role in DEMO_ROLES.items():
        account = next(one for one in town.accounts() if one["role"] == role)
        window = open_window(browser, "desk", town.url, REFUSED)
        windows.append(window)
        page = window.context.new_page()
        page.goto("/connexion")
        page.get_by_label("Adresse e-mail").fill(account["email"])
        page.locator("input[type=password]").fill(account["password"])
        page.get_by_role("button", name="Se connecter").click()
        expect(page).not_to_have_url(re.compile("/connexion"))
        found[name] = page
    yield found
    for window in windows:
        window.close()


def look(page: Page) -> None:
    """Nothing amiss at 390 nor at 1280 px: axe, and no page wider than the screen."""
    for given in SCREENS.values():
        page.set_viewport_size(given["viewport"])
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= given["viewport"]["width"], f"{page.url} is {wide} px wide"
        axe(page)


def first_row(page: Page, base: str) -> str:
    """The address of the first row of a list."""
    page.goto(base)
    found = page.locator("tbody th a").first.get_attribute("href")
    assert found
    return found


def send(page: Page) -> None:
    """Send the form."""
    page.locator(".save button[type=submit]").click()


# --- Looked at ---


@pytest.mark.parametrize(
    "address",
    [
        "/service/familles/",
        "/service/familles/?q=introuvable",
        "/service/inscriptions/?status=asked&tri=-starts_on",
        "/service/fiches/",
        "/service/chercher?q=mar",
        "/service/droits-qui-nexistent-pas",
        "/service/roles/",
        "/service/inscriptions/creer",
    ],
)
def test_a_page_of_the_service_breaks_no_rule(people: dict[str, Page], address: str) -> None:
    people["desk"].goto(address)
    look(people["desk"])


@pytest.mark.parametrize("address", ["/service/droits/", "/service/droits/familles"])
def test_the_pages_of_rights_break_no_rule(people: dict[str, Page], address: str) -> None:
    people["configurator"].goto(address)
    look(people["configurator"])


@pytest.mark.parametrize("address", ["/espace/personnes/", "/espace/factures/", "/espace/introuvable"])
def test_a_page_of_a_family_breaks_no_rule(people: dict[str, Page], address: str) -> None:
    page = people["family"]
    page.goto(address)
    look(page)
    row = page.locator("main a[href^='/espace/']").filter(has_not_text="Retour")
    if "introuvable" not in address and row.count():
        page.goto(first_of(row))
        look(page)


def first_of(links: Locator) -> str:
    """The first address that is a row's."""
    found = [str(one.get_attribute("href")) for one in links.all()]
    return next((one for one in found if re.search(r"/\d+$", one)), found[0])


def test_an_empty_list_breaks_no_rule(people: dict[str, Page]) -> None:
    page = people["desk"]
    for address, kind in (("/service/delais-accordes/?q=zzz", "words"), ("/service/reglements/", "rows")):
        page.goto(address)
        assert page.locator("tbody tr").count() == 0, kind
        look(page)


def test_a_row_its_tabs_its_history_and_its_deletion_break_no_rule(people: dict[str, Page]) -> None:
    page = people["desk"]
    family = first_row(page, "/service/familles/")
    for address in (
        "",
        "?onglet=liens-avec-le-foyer.family",
        "?onglet=historique",
        "?onglet=tous",
        "/supprimer",
    ):
        page.goto(family + address)
        look(page)
    page.goto(first_row(page, "/service/liens-avec-le-foyer/") + "/supprimer")  # held by nothing
    look(page)


def test_a_form_with_lines_with_errors_and_after_a_meeting_breaks_no_rule(people: dict[str, Page]) -> None:
    page = people["configurator"]
    tariff = first_row(page, "/service/tarifs/")
    page.goto(tariff)
    look(page)
    page.goto(f"{tariff}/modifier")
    page.get_by_role("button", name="Ajouter une tranche").click()
    expect(page.locator("[name$=-price]").last).to_be_visible()
    look(page)
    page.locator("[name=tranches-0-price]").fill("beaucoup")
    page.locator("[name=tranches-1-retirer]").check()
    page.locator("[name=name]").fill("")
    send(page)
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("2 points sont à corriger")
    expect(summary).to_be_focused()
    look(page)
    summary.get_by_role("link", name=re.compile("Tranche 1, Prix")).click()
    expect(page.locator("[name=tranches-0-price]")).to_be_focused()
    # Somebody else saves in between.
    page.goto(f"{tariff}/modifier")
    other = page.context.new_page()
    other.goto(f"{tariff}/modifier")
    other.locator("[name=name]").fill("Repas du restaurant, premier")
    other.locator("[name=tranches-0-price]").fill("1,11")
    send(other)
    expect(other).not_to_have_url(re.compile("modifier"))
    other.close()
    page.locator("[name=name]").fill("Repas du restaurant, second")
    page.locator("[name=tranches-0-price]").fill("1,22")
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("Modifié entre-temps par")
    expect(page.locator("main")).to_contain_text("Repas du restaurant, premier")
    assert page.locator("[name=tranches-0-price]").input_value() == "1,22"
    look(page)
    send(page)
    expect(page.locator("h1")).to_have_text("Repas du restaurant, second")


# --- Leaving ---


def asked_when_leaving(page: Page) -> bool:
    """Whether the browser asks before the page is left; stays on it if it does."""
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", answer)
    before = page.url
    page.evaluate("setTimeout(() => { location.href = '/service/' })")
    page.wait_for_timeout(500)
    if not asked:
        page.remove_listener("dialog", answer)
        expect(page).not_to_have_url(before)
    return asked == ["beforeunload"]


def test_leaving_asks_after_typing_or_a_line_more_or_less_and_not_after_saving(
    people: dict[str, Page],
) -> None:
    page = people["configurator"]
    edit = first_row(page, "/service/tarifs/") + "/modifier"

    def fresh() -> None:
        page.goto(edit)
        page.locator("h1").click()  # a browser asks only those who touched the page

    fresh()
    assert not asked_when_leaving(page)
    fresh()
    page.locator("[name=name]").press_sequentially(" bis")
    assert asked_when_leaving(page)
    send(page)
    expect(page).not_to_have_url(re.compile("modifier"))
    assert not asked_when_leaving(page)
    fresh()
    count = page.locator("[name$=-price]").count()
    page.get_by_role("button", name="Ajouter une tranche").click()
    expect(page.locator("[name$=-price]")).to_have_count(count + 1)
    expect(page.locator("output[data-changes]")).not_to_be_empty()
    assert asked_when_leaving(page)
    page.locator("[name=name]").fill("")
    send(page)  # refused: what was typed is still unsaved
    expect(page.get_by_role("alert")).to_be_visible()
    assert asked_when_leaving(page)
    page.once("dialog", lambda dialog: dialog.accept())
    fresh()
    page.locator("[name=tranches-0-retirer]").check()
    assert asked_when_leaving(page)
    page.once("dialog", lambda dialog: dialog.accept())
    page.goto("/service/")


# --- By keyboard alone ---


class Keys:
    """A person without a mouse: each stop of the focus is seen."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def reach(self, wanted: Locator, most: int = 90, key: str = "Tab") -> None:
        """Walk with Tab to that element; wherever the focus stops, it shows."""
        wanted.first.wait_for(state="attached")
        for _ in range(most):
            if wanted.first.evaluate("one => one.contains(document.activeElement)"):
                return
            self.press(key)
            here = self.page.evaluate_handle("document.activeElement").as_element()
            assert here is not None
            what = here.evaluate("one => one.outerHTML.slice(0, 200)")
            shows = False
            for _ in range(6):  # what a script draws comes a moment later
                shows = shows or here.evaluate(FOCUS_SHOWS)
                if shows:
                    break
                self.page.wait_for_timeout(50)
            assert shows, f"{self.page.url}: the focus does not show on {what}"
        raise AssertionError(f"{self.page.url}: not reached by Tab: {wanted}")

    def type(self, wanted: Locator, text: str) -> None:
        """Walk to a field and type in it."""
        self.reach(wanted)
        self.page.keyboard.type(text)


def test_a_row_is_made_changed_and_deleted_without_a_mouse(people: dict[str, Page]) -> None:
    page = people["configurator"]
    page.set_viewport_size(SCREENS["desk"]["viewport"])
    keys = Keys(page)
    page.goto("/service/ecoles/")
    keys.reach(page.get_by_role("link", name=re.compile("Créer une école")))
    keys.press("Enter")
    keys.type(page.locator("[name=name]"), "École du Clavier")
    keys.press("Tab")
    page.keyboard.type("clavier")
    keys.press("Enter")  # saves, from a field
    expect(page.locator("h1")).to_have_text("École du Clavier")
    keys.reach(page.get_by_role("link", name=re.compile("Modifier")))
    keys.press("Enter")
    keys.type(page.locator("[name=city]"), "Crolles")
    keys.reach(page.locator(".save button"))
    keys.press("Space")
    expect(page.locator("main")).to_contain_text("Crolles")
    keys.reach(page.get_by_role("link", name=re.compile("Supprimer")))
    keys.press("Enter")
    keys.reach(page.get_by_role("button", name=re.compile("Supprimer")))
    keys.press("Space")
    expect(page.locator("main")).to_contain_text("école supprimée")


def test_lines_are_added_filled_and_removed_without_a_mouse(people: dict[str, Page]) -> None:
    page = people["configurator"]
    keys = Keys(page)
    page.goto(first_row(page, "/service/tarifs/") + "/modifier")
    lines = page.locator("[name$=-price]")
    count = lines.count()
    keys.reach(page.get_by_role("button", name="Ajouter une tranche"))
    keys.press("Enter")
    expect(lines).to_have_count(count + 1)
    first = page.locator(f"[name=tranches-{count}-from_quotient]")
    expect(first).to_be_focused()
    page.keyboard.type("9000")
    keys.press("Tab", "Tab")
    page.keyboard.type("9,99")
    keys.press("Enter")
    expect(page.locator("main")).to_contain_text("9,99")
    page.goto(page.url + "/modifier")
    expect(lines).to_have_count(count + 1)
    keys.reach(page.locator(f"[name=tranches-{count}-retirer]"))
    keys.press("Space", "Enter")
    expect(page).not_to_have_url(re.compile("modifier"))
    expect(page.locator("main")).not_to_contain_text("9,99")


def test_a_list_is_opened_searched_and_filtered_without_a_mouse(people: dict[str, Page]) -> None:
    page = people["desk"]
    page.set_viewport_size(SCREENS["desk"]["viewport"])
    keys = Keys(page)
    page.goto("/service/familles/")
    keys.reach(page.locator("main [name=q]"))
    name = page.locator("tbody th a").first.inner_text()
    page.keyboard.type(name)
    keys.press("Enter")
    expect(page).to_have_url(re.compile("q="))
    keys.reach(page.locator("tbody th a").first)
    keys.press("Enter")
    expect(page).to_have_url(re.compile(r"/familles/\d+"))
    page.goto("/service/inscriptions/")
    quick = page.locator("main select").first
    keys.reach(quick)
    keys.press("ArrowDown", "ArrowDown")
    keys.reach(
        page.locator(
            "main form[role=search] button[type=submit], main form[role=search] button:not([type])"
        ).first
    )
    keys.press("Enter")
    expect(page.locator("main")).to_be_visible()


def test_a_row_is_searched_for_and_chosen_by_keyboard(people: dict[str, Page]) -> None:
    page = people["desk"]
    page.set_viewport_size(SCREENS["desk"]["viewport"])
    keys = Keys(page)
    page.goto("/service/quotients-familiaux/creer")
    box = page.locator(".ts-wrapper input").first
    box.wait_for()
    keys.reach(box)
    with page.expect_response(re.compile("/choix/family")):
        page.keyboard.type("du")
    options = page.locator(".ts-dropdown [role=option]")
    expect(options.first).to_be_visible()
    axe(page)
    keys.press("ArrowDown")
    active = page.locator(".ts-dropdown .active")
    expect(active).to_have_count(1)
    wanted = active.inner_text()
    keys.press("Enter")
    select = page.locator("select[name=family]")
    chosen = select.input_value()
    assert chosen and wanted in page.locator(".ts-wrapper .item").first.inner_text()
    with page.expect_response(re.compile("/choix/family")):
        page.keyboard.type("ro")
    expect(options.first).to_be_visible()
    keys.press("Escape")
    expect(options.first).to_be_hidden()
    assert select.input_value() == chosen

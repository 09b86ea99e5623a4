"""What a parent sees of their pages, read as they are shown; and the demonstration's people coming in.

Whoever lives in the demonstration is read on its pages: it changes with the day on which it is made.
"""

import re

from playwright.sync_api import Locator, expect

from tests.journey.people import Person, Town
from tests.journey.window import Window, flat

PARENT, TWO_HOMES, OTHER_PARENT = "Parent", "Parent de deux foyers", "Parent, autre foyer"
DESK = "Secrétariat"
BLUE, WHITE, COLLECT = "Responsables légaux", "Enfants", "Peuvent venir les chercher"
# What the browser tells in its console when a form is refused, or an address leads nowhere.
REFUSED = ("status of 422", "status of 404", "status of 409", "status of 410")
STOP = """() => { const here = document.activeElement, its = getComputedStyle(here);
  const box = here.getBoundingClientRect(), [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const top = document.elementFromPoint(x, y);
  return { words: here.labels?.[0]?.innerText ?? here.innerText ?? '', name: here.tagName,
    shows: here !== document.body && (its.outlineStyle !== 'none' && parseFloat(its.outlineWidth) > 0
      || its.boxShadow !== 'none'),
    covered: !(top && (here.contains(top) || top.contains(here))) }; }"""
STOPS_AT_MOST = 60


def at_the_door(town: Town, role: str, screen: str = "phone") -> Person:
    """Somebody of the demonstration, at the log-in page; their last name is the word for their home."""
    account = next(one for one in town.server.accounts() if one["role"] == role)
    page = town.open_page(screen=screen, base_url=town.server.url, expected=REFUSED)
    window = Window(page, screen, town.album)
    home = account["family"].partition(" (")[0]
    window.go("/connexion")
    return Person("", home, account["email"], account["password"], window)


def inside(town: Town, role: str, screen: str = "phone") -> Person:
    """The same, logged in."""
    person = at_the_door(town, role, screen)
    person.logs_in()
    expect(person.window.page).not_to_have_url(re.compile("/connexion"))
    return person


def part(window: Window, title: str) -> Locator:
    """The part of a page under that heading."""
    return window.page.get_by_role("region", name=title, exact=True)


def people(window: Window, title: str) -> list[str]:
    """The names of a part of « Ma famille »."""
    cards = part(window, title).locator("a[href^='/ma-famille/']:not([href$='/foyer'])")
    return [name.inner_text() for name in cards.locator("b").all()]


def heading(window: Window, words: str | re.Pattern[str]) -> None:
    """The page bears that title."""
    expect(window.page.get_by_role("heading", level=1, name=words)).to_be_visible()


def focused(window: Window) -> str:
    """The words of what has the focus."""
    return flat(str(window.page.evaluate(STOP)["words"]))


def is_told_what_is_wrong(window: Window, *words: str) -> None:
    """The refused form says so at its head, which has the focus."""
    window.sees(*words)
    for text in words:
        assert text in focused(window), focused(window)


def whose(window: Window) -> Locator:
    """The line that says which family is shown."""
    return window.page.get_by_role("region", name="Famille affichée")


def home_in_view(window: Window) -> tuple[str, str]:
    """The home that is shown, and the one that the button leads to."""
    shown = whose(window).locator("p").inner_text().removeprefix("Famille ")
    return shown, whose(window).get_by_role("button").inner_text().removeprefix("Voir la famille ").strip()


def switch_to(window: Window, home: str) -> None:
    """Touch the button of the other home."""
    window.press(f"Voir la famille {home}", whose(window))
    window.sees(f"Famille {home}", "Ce que nous attendons de vous")


def sheet(window: Window) -> Locator:
    """The open menu."""
    return window.page.get_by_role("dialog", name="Menu")


def menu_of(window: Window) -> dict[str, str]:
    """Open the menu: its entries and where they lead."""
    if not sheet(window).is_visible():
        window.press("Menu")
    expect(sheet(window)).to_be_visible()
    links = sheet(window).get_by_role("navigation").get_by_role("link").all()
    return {one.inner_text().split("\n")[0].strip(): str(one.get_attribute("href") or "") for one in links}


def todos(window: Window) -> list[tuple[str, str]]:
    """Each line of the list of the dashboard: its sentence and its verb."""
    window.go("/accueil")
    lines = [flat(one.inner_text()).strip() for one in todo_lines(window).all()]
    return [(line.rpartition(" ")[0], line.rpartition(" ")[2]) for line in lines]


def todo_lines(window: Window) -> Locator:
    """The links of that list."""
    return part(window, "Ce que nous attendons de vous").get_by_role("link")


def tab_to(window: Window, words: str) -> None:
    """Tab until that is reached; the focus is seen at each stop, and nothing lies over it."""
    for _ in range(STOPS_AT_MOST):
        window.page.keyboard.press("Tab")
        stop = window.page.evaluate(STOP)
        assert stop["shows"], f"{window.page.url}: the focus is not seen on {stop}"
        assert not stop["covered"], f"{window.page.url}: something covers {stop}"
        if re.match(words, flat(stop["words"]).strip()):
            return
    raise AssertionError(f"{window.page.url}: Tab never reaches {words}")

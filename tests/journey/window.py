"""A person's browser window: what they do in it, what they see, and a look at each page at two widths."""

import os
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

import config
from tests.support.browser import SCREENS, axe

PICTURES = Path(os.environ.get("JOURNEY_PICTURES") or config.ROOT / "test-results" / "journey")
SIZES: dict[str, Any] = {name: given["viewport"] for name, given in SCREENS.items()}
# What a template shows when nobody thought of a French word, or of an empty value.
LEFTOVERS = re.compile(
    r"\b(None|True|False|undefined|nan|Invalid|Not a valid|This field)\b|\{\{|\}\}|\{[a-z_]+\}"
)
MEASURES = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
TALLEST = 4000
Name = str | re.Pattern[str]


def flat(text: str) -> str:
    """The same words with plain spaces."""
    return re.sub(r"\s+", " ", text)


class Window:
    """One browser window, in which each page can be looked at as a phone and as a desk show it."""

    def __init__(self, page: Page, screen: str, album: "Album") -> None:
        self.page, self.screen, self.album = page, screen, album

    # Going and touching ---------------------------------------------------------------------

    def go(self, address: str) -> None:
        """Open an address."""
        self.page.goto(address)

    def link(self, name: Name, inside: Locator | None = None) -> None:
        """Follow a link."""
        (inside or self.page).get_by_role("link", name=name).first.click()

    def press(self, name: Name, inside: Locator | None = None) -> None:
        """Press a button."""
        (inside or self.page).get_by_role("button", name=name).click()

    def fill(self, label: Name, text: str) -> None:
        """Type in a field, or choose in a list."""
        field = self.page.get_by_label(label).first
        if field.evaluate("one => one.tagName") == "SELECT":
            wanted = field.locator("option").filter(has_text=text).first
            field.select_option(value=wanted.get_attribute("value"))
        else:
            field.fill(text)

    def tick(self, label: Name) -> None:
        """Touch the words of a box or of a word to choose."""
        box = self.page.get_by_label(label).first
        self.page.locator(
            f'label[for="{box.get_attribute("id")}"], label:has(#{box.get_attribute("id")})'
        ).first.click()
        expect(box).to_be_checked()

    # Seeing ---------------------------------------------------------------------------------

    def sees(self, *texts: str) -> None:
        """Each of these is on the page, whatever spaces and line ends are between the words."""
        for text in texts:
            words = re.compile(r"\s+".join(re.escape(word) for word in text.split()))
            expect(self.page.locator("main")).to_contain_text(words)

    def look(self, name: str) -> None:
        """Nothing amiss on this page at 390 and at 1280 px: axe, width, leftover words. A picture of each."""
        self.page.wait_for_load_state("load")
        for screen, size in SIZES.items():
            self.page.set_viewport_size(size)
            wide, high = self.page.evaluate(MEASURES)
            assert wide <= size["width"], f"{self.page.url} is {wide} px wide on a {screen}"
            # A window as tall as its page: bars that stick to its foot are then drawn where one reads them,
            # and lie over no field.
            tall = max(size["height"], min(high, TALLEST))
            self.page.set_viewport_size({"width": size["width"], "height": tall})
            axe(self.page)
            self.page.screenshot(path=self.album.next(name, size["width"]))
        self.page.set_viewport_size(SIZES[self.screen])
        found = LEFTOVERS.search(self.page.locator("body").inner_text())
        assert found is None, f"{self.page.url} says {found[0]!r}"


class Album:
    """The pictures of one journey, numbered in the order of the story."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number, self.last = folder, 0, ""
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.png"):
            old.unlink()

    def next(self, name: str, width: int) -> Path:
        """Where the next picture goes."""
        if name != self.last:
            self.number, self.last = self.number + 1, name
        return self.folder / f"{self.number:02d}-{name}-{width}.png"

"""The demonstration in June, when the files of the coming year are open: its people, each in a window."""

import re
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from typing import Any

from playwright.sync_api import Browser, ElementHandle, Page, expect

from tests.journey.window import PICTURES, Album, Window
from tests.support.browser import Watch, open_window
from tests.support.server import Server

JUNE = "2027-06-15T09:00"
REFUSED = ("status of 422", "status of 409", "status of 404", "status of 410")
FOCUS_SHOWS = """one => [one, one.closest('label'), one.nextElementSibling]
  .filter(Boolean).some((each) => { const its = getComputedStyle(each);
    return its.outlineStyle !== 'none' && parseFloat(its.outlineWidth) > 0 || its.boxShadow !== 'none'; })"""

OUTER = "one => one.outerHTML"


class Home:
    """A server, and the windows opened on it so far."""

    def __init__(self, server: Server, browser: Browser, name: str) -> None:
        self.server, self.browser = server, browser
        self.album = Album(PICTURES / name)
        self.watches: list[Watch] = []

    def window(self, screen: str = "phone") -> Window:
        """A window in which nobody is logged in."""
        watch = open_window(self.browser, screen, self.server.url, REFUSED)
        self.watches.append(watch)
        return Window(watch.context.new_page(), screen, self.album)

    def enter(self, email: str, screen: str = "phone", password: str = "") -> Window:
        """A window in which somebody of the demonstration has logged in."""
        account = next(one for one in self.server.accounts() if one["email"] == email)
        seen = self.window(screen)
        seen.go("/connexion")
        seen.fill("Adresse e-mail", email)
        seen.fill("Mot de passe", password or account["password"])
        seen.press("Se connecter")
        expect(seen.page).not_to_have_url(re.compile("/connexion"))
        return seen

    def mail(self, to: str, subject: str) -> str:
        """The words of the last mail about that."""
        found: list[str] = []

        def arrived() -> bool:
            for path in sorted(self.server.mails(), key=lambda one: one.stat().st_mtime):
                letter = message_from_bytes(path.read_bytes(), policy=policy.default)
                if to in str(letter["To"]) and subject in str(letter["Subject"]):
                    body = letter.get_body(("plain",))
                    found.append(body.get_content() if body else "")
            return bool(found)

        wait_until(arrived, f"no mail about {subject!r} to {to}")
        return re.sub(r"[^\S\n]+", " ", found[-1])

    def close(self) -> None:
        """Close the windows; anything that went wrong in one fails."""
        for watch in self.watches:
            watch.close()


def wait_until(holds: Callable[[], bool], otherwise: str, seconds: int = 20) -> None:
    """Wait for something outside the browser."""
    for _ in range(seconds * 5):
        if holds():
            return
        time.sleep(0.2)
    raise AssertionError(otherwise)


def focused(page: Page) -> ElementHandle:
    """What has the focus, which shows."""
    one = page.evaluate_handle("document.activeElement").as_element()
    assert one is not None and one.evaluate("one => one !== document.body"), "nothing has the focus"
    # The parts of a date have their own focus inside the field, drawn by the browser.
    is_inside = one.evaluate("one => one.type === 'date' && !one.matches(':focus')")
    assert is_inside or one.evaluate(FOCUS_SHOWS), f"no focus shows on {one.evaluate(OUTER)[:200]}"
    return one


def tab_to(page: Page, matches: Callable[[ElementHandle], bool], most: int = 80) -> ElementHandle:
    """Press Tab until the focus is on what is wanted; it shows at each stop."""
    for _ in range(most):
        page.keyboard.press("Tab")
        one = focused(page)
        if matches(one):
            return one
    raise AssertionError("the keyboard never reaches it")


def named(words: str) -> Callable[[ElementHandle], bool]:
    """Whether something is called that: by its text, its label or its name."""
    asks = """one => [one.innerText, one.getAttribute('aria-label'), one.labels && one.labels[0]
      && one.labels[0].innerText].filter(Boolean).join(' ')"""

    def tells(one: ElementHandle) -> bool:
        told: Any = one.evaluate(asks)
        return words in re.sub(r"\s+", " ", str(told))

    return tells


def opened(home: Home) -> Iterator[Home]:
    """For a fixture: closed at the end of the module."""
    try:
        yield home
    finally:
        home.close()

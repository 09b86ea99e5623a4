"""The people of the story: who they are, how they get in, and what they do by the same gestures."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.journey.window import Album, Window
from tests.support.server import Server
from tests.support.smtp import Listener, text_of

ADDRESS = re.compile(r"https?://\S+")


@dataclass
class Person:
    """Somebody with an e-mail, a password they chose, and a window of their own."""

    first_name: str
    last_name: str
    email: str
    password: str
    window: Window

    @property
    def full_name(self) -> str:
        """First name then last name."""
        return f"{self.first_name} {self.last_name}"

    def chooses_a_password(self, address: str, look: bool = False) -> None:
        """Follow a first link, and get in."""
        self.window.go(address)
        self.window.fill("Mot de passe", self.password)
        if look:
            self.window.look("premiere-connexion")
        self.window.press("Enregistrer et entrer")

    def logs_in(self, look: bool = False) -> None:
        """From the log-in page, on which one stands."""
        self.window.fill("Adresse e-mail", self.email)
        self.window.fill("Mot de passe", self.password)
        if look:
            self.window.look("connexion")
        self.window.press("Se connecter")

    def logs_in_at(self, address: str) -> None:
        """Ask for a page after a long absence, and log in on the way."""
        self.window.go(address)
        expect(self.window.page).to_have_url(re.compile("/connexion"))
        self.logs_in()
        expect(self.window.page).not_to_have_url(re.compile("/connexion"))


@dataclass
class Town:
    """Le Touvet on a real server, its post, and whoever has come in so far."""

    server: Server
    post: Listener
    open_page: Callable[..., Page]
    album: Album
    names: dict[str, Any] = field(default_factory=dict)

    def someone(self, first_name: str, last_name: str, email: str, screen: str = "desk") -> Person:
        """A person with a window; nobody knows them yet."""
        # A refused form answers 422: the browser counts that as an error, the story does not.
        page = self.open_page(screen=screen, base_url=self.server.url, expected=("status of 422",))
        window = Window(page, screen, self.album)
        return Person(first_name, last_name, email, "cerises quatre tambours violets", window)

    def colleague(self, role: str, first_name: str, last_name: str, email: str) -> Person:
        """A member of the staff, made by whoever keeps the server; their link comes by mail."""
        words = ("--role", role, "--email", email, "--first-name", first_name, "--last-name", last_name)
        printed = self.server.flask("account", "create", *words)
        person = self.someone(first_name, last_name, email)
        assert self.link_in(person, "Votre accès au portail famille") == printed.strip()
        return person

    def mail(self, person: Person | str, subject: str) -> str:
        """The words of the mail about that, plain spaces between them."""
        to = person if isinstance(person, str) else person.email
        return re.sub(r"[^\S\n]+", " ", text_of(self.post.wait_for(to=to, subject=subject, timeout=20)))

    def link_in(self, person: Person | str, subject: str) -> str:
        """The address in that mail."""
        found = ADDRESS.search(self.mail(person, subject))
        assert found is not None
        return found[0]


def square(window: Window, unit: str, day: str) -> Locator:
    """The square of a unit on a day: « matin », « 12 mai »."""
    words = re.compile(rf"{unit} du \w+\s+{re.escape(day).replace(chr(92) + ' ', chr(92) + 's+')}")
    return window.page.locator("#planning").get_by_role("button", name=words)


def touch(window: Window, unit: str, day: str) -> None:
    """Touch a square, and wait for what it becomes."""
    with window.page.expect_response(lambda answer: "bascule=" in answer.url):
        square(window, unit, day).click()
    expect(window.page.locator(".htmx-request")).to_have_count(0)

"""A token for real: made in a browser, used by a program over HTTP, revoked."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.browser import axe
from tests.support.server import Server
from tests.support.smtp import Listener

PASSWORD = "sept pigeons sur le toit"


def ask(url: str, token: str, method: str = "GET", **body: Any) -> tuple[int, Any]:
    """One request of a program."""
    request = urllib.request.Request(  # noqa: S310  (our own server)
        url,
        method=method,
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310  (the same)
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


@pytest.mark.slow
@pytest.mark.journey
@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_a_token_is_made_shown_once_used_and_revoked(
    server: Callable[..., Server], smtp: Listener, browser_page: Callable[..., Page], screen: str
) -> None:
    one = server(demo=False, **smtp.environ())
    printed = one.flask("account", "create", "--role", "admin", "--email", "premiere@example.org")
    page = browser_page(base_url=one.url, screen=screen, expected=("status of 422",))
    page.goto(printed.strip().splitlines()[-1])
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Enregistrer et entrer").click()
    page.wait_for_url("**/service/")

    page.goto("/service/jetons")
    page.get_by_text("Aucun jeton", exact=True).wait_for()
    axe(page)
    page.locator("#p-label").fill("Logiciel de restauration")
    page.locator("#p-roles-0").check()
    page.locator("#p-is_read_only").uncheck()
    page.locator("#p-password").fill("au hasard")
    page.get_by_role("button", name="Créer le jeton du programme").click()
    page.get_by_role("heading", name="Aucun jeton n’est créé").wait_for()
    axe(page)
    page.locator("#p-password").fill(PASSWORD)
    page.get_by_role("button", name="Créer le jeton du programme").click()
    token = page.get_by_label("Jeton", exact=True).input_value()
    axe(page)

    status, made = ask(f"{one.url}/api/v1/familles", token, "POST", name="Neuve")
    assert (status, made["name"]) == (201, "Neuve")
    page.goto("/service/jetons")
    assert token not in page.content()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto("/service/api")
    axe(page)
    page.goto("/service/jetons")
    page.get_by_role("button", name="Révoquer le jeton Logiciel de restauration").click()
    page.get_by_text("Le jeton « Logiciel de restauration » n’ouvre plus rien.").wait_for()
    assert ask(f"{one.url}/api/v1/familles", token)[0] == 401
    assert token not in one.logs()

"""The door for real: a server, a worker, an SMTP listener and a browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.support.browser import axe
from tests.support.server import Server
from tests.support.smtp import Listener, text_of

FIRST = "sept pigeons sur le toit"
SECOND = "huit pigeons sur le toit"


@pytest.mark.slow
@pytest.mark.journey
def test_from_the_command_line_to_a_colleague_invited_and_a_password_changed_with_the_worker_down(
    server: Callable[..., Server], smtp: Listener, browser_page: Callable[..., Page]
) -> None:
    one = server(demo=False, **smtp.environ())
    printed = one.flask("account", "create", "--role", "admin", "--email", "premiere@example.org")
    link = printed.strip().splitlines()[-1]
    assert link in text_of(smtp.wait_for(to="premiere@example.org"))

    page = browser_page(base_url=one.url, screen="desk", expected=("status of 410",))
    page.goto(link)
    page.get_by_label("Mot de passe").fill("huit pigeons")
    assert page.locator("[data-rule=length].c-green").count() == 0
    page.get_by_label("Mot de passe").fill(FIRST)
    assert page.locator("[data-rule].c-green").count() == 2
    axe(page)
    page.get_by_role("button", name="Enregistrer et entrer").click()
    page.wait_for_url("**/service/")

    page.goto("/service/equipe")
    page.get_by_label("Prénom").fill("Ada")
    page.locator("#last_name").fill("Bureau")
    page.get_by_label("E-mail professionnel").fill("ada@example.org")
    page.get_by_role("button", name="Envoyer l’invitation", exact=True).click()
    page.get_by_text("L’invitation part vers ada@example.org").wait_for()
    smtp.wait_for(to="ada@example.org")

    one.kill("worker")
    page.goto("/mon-mot-de-passe")
    page.get_by_label("Mot de passe actuel").fill(FIRST)
    page.get_by_label("Nouveau mot de passe").fill(SECOND)
    page.get_by_role("button", name="Changer mon mot de passe").click()
    page.get_by_text("Votre mot de passe est changé").wait_for()
    one.restart("worker")
    smtp.wait_for(to="premiere@example.org", subject="a changé", timeout=20)

    page.goto(link)
    page.get_by_role("heading", name="Ce lien ne sert plus").wait_for()
    axe(page)

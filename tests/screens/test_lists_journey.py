"""A list at the keyboard, in a real browser: choosing rows, columns and views without a mouse."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import axe
from tests.support.server import Server

pytestmark = [pytest.mark.slow, pytest.mark.journey]


def enter(page: Page, server: Server) -> None:
    accounts = json.loads((server.home / "demo-accounts.json").read_text())
    account = next(one for one in accounts if one["role"] == "Secrétariat")
    page.goto("/connexion")
    page.locator("#email").fill(account["email"])
    page.locator("#password").fill(account["password"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/service/**")


def focused(page: Page, script: str) -> str:
    return str(page.evaluate(f"document.activeElement.{script}"))


def test_a_list_is_worked_through_at_the_keyboard(
    server: Callable[..., Server], browser_page: Callable[..., Page]
) -> None:
    one = server()
    page = browser_page(base_url=one.url, screen="desk")
    enter(page, one)
    page.goto("/service/familles/")
    axe(page)
    bar = page.locator("[data-selection]")
    expect(bar).to_be_hidden()

    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar).to_contain_text("1 famille choisie")
    page.keyboard.press("j")
    page.keyboard.press(" ")
    expect(bar).to_contain_text("2 familles choisies")
    axe(page)
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(bar).to_contain_text("1 famille choisie")
    page.keyboard.press("f")
    assert focused(page, "id") == "f-q"
    page.keyboard.type("x ")  # in a field, a letter is a letter
    expect(bar).to_contain_text("1 famille choisie")

    page.locator("#f-q").fill("a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/service/familles/?q=a")  # what is empty is not written
    columns = page.locator("details.pop", has=page.locator("[name=colonnes]"))
    columns.locator("summary").focus()
    page.keyboard.press("Enter")
    axe(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(columns.locator(".pop-in")).to_be_hidden()
    assert "Colonnes" in focused(page, "innerText")

    page.goto("/service/familles/")
    page.locator("[data-select-all]").focus()
    page.keyboard.press("Space")
    whole = page.get_by_label("lignes de la liste")
    whole.check()
    expect(bar).to_contain_text("familles choisies")
    page.get_by_role("button", name="Supprimer").click()
    page.get_by_role("heading", name="Supprimer").first.wait_for()
    axe(page)
    page.get_by_role("link", name="Abandonner").or_(page.get_by_role("link", name="Revenir")).click()

    views = page.locator("details.pop", has=page.locator("#v-name"))
    views.locator("summary").click()
    page.get_by_label("Garder cette liste sous le nom").fill("Du matin")
    axe(page)
    page.keyboard.press("Enter")
    page.get_by_text("La vue « Du matin » est gardée").wait_for()
    page.goto("/service/familles/vues")
    axe(page)


def test_a_value_is_given_to_two_rows_on_a_phone(
    server: Callable[..., Server], browser_page: Callable[..., Page]
) -> None:
    one = server()
    page = browser_page(base_url=one.url, screen="phone")
    enter(page, one)
    page.goto("/service/familles/")
    for name in ("Vues", "Colonnes", "Exporter"):
        page.locator("summary", has_text=name).click()
        box = page.locator("details.pop[open] .pop-in").bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390, name
        page.keyboard.press("Escape")
    for rank in (0, 1):
        page.locator("[data-select]").nth(rank).check()
    axe(page)
    page.get_by_role("button", name="Modifier une valeur").click()
    page.get_by_label("Le champ à modifier").select_option(label="Rattachement")
    page.locator("#residence").select_option(index=2)
    axe(page)
    page.get_by_role("button", name="Voir ce qui va changer").click()
    page.get_by_role("heading", name="Ce qui va changer").wait_for()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Modifier", exact=False).last.click()
    page.get_by_text("modifiée").first.wait_for()

"""The look: filters, fields, layouts, error pages, assets; then all of it in a real browser under the CSP."""

import gzip
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, abort, flash, render_template, render_template_string
from playwright.sync_api import Browser
from werkzeug.serving import make_server
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    Form,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Optional

from app.screens import look
from tests.support.browser import axe

APP = Path(look.__file__).resolve().parent.parent
STATIC, TEMPLATES = APP / "static", APP / "templates"
NB = "\u00a0"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'"
)
TOWN = {"name": "Ville de Sourcemont", "service": "service Enfance", "phone": "04 65 71 01 12", "email": ""}
HOMES = [SimpleNamespace(id=1, name="Oualid-Marchadier"), SimpleNamespace(id=2, name="Marchadier-Brunel")]
PARENT = SimpleNamespace(name="Inès Marchadier", is_staff=False, is_family=True)
CLERK = SimpleNamespace(name="Maëlle Tresserre", is_staff=True, is_family=False)
MENU = [
    {
        "label": "Dossiers",
        "entries": [
            {
                "label": "Familles",
                "icon": "people",
                "url": "/familles",
                "current": True,
                "count": 0,
                "hint": "",
            },
            {"label": "Documents", "icon": "file-earmark-check", "url": "/d", "current": False, "count": 14},
        ],
    }
]


class Sheet(Form):
    """One field of each sort."""

    doctor = StringField(
        "Nom du médecin", [DataRequired("Indiquez un nom.")], description="Celui qui le suit."
    )
    secret = PasswordField("Mot de passe", render_kw={"autocomplete": "new-password"})
    born = DateField("Né le", [Optional()])
    quotient = IntegerField("Quotient", [Optional()], render_kw={"unit": "€ par mois"})
    alone = BooleanField("Mon enfant peut rentrer seul")
    diet = RadioField(
        "Repas", choices=[SelectChoice("s", "Standard"), SelectChoice("v", "Sans viande")], default="s"
    )
    allergies = SelectMultipleField("Allergies", choices=[SelectChoice("a", "Arachide")], default=["a"])
    way = SelectField("Paiement", choices=[SelectChoice("t", "Trésor public")], default="t")
    proof = FileField("Photo ou PDF", render_kw={"accept": "image/*", "capture": "environment"})
    remark = TextAreaField("Que faire ?", default="Appeler le 15.")


def make_app(viewer: Any = None, homes: list[Any] | None = None) -> Flask:
    """A small application with the look, one page a layout, and errors on demand."""
    app = Flask("marelle", template_folder=str(TEMPLATES), static_folder=str(STATIC))
    app.config.update(SECRET_KEY="tests only", MAX_CONTENT_LENGTH=10_000_000)
    homes = homes or []
    look.register(
        app,
        town=lambda: TOWN,
        viewer=lambda: viewer,
        families=lambda: homes,
        current_family=lambda: homes[0] if homes else None,
        menu=lambda: MENU,
    )

    @app.get("/page/<side>")
    def page(side: str) -> str:
        return render_template_string(
            "{% extends 'layout/' ~ side ~ '.html' %}{% block title %}Essai{% endblock %}"
            "{% block main %}<h1>Essai</h1>{% endblock %}",
            side=side,
        )

    @app.get("/pieces")
    def pieces() -> str:
        form = Sheet()
        form.validate()
        flash("Enregistré à 21 h 06.")
        flash("La photo est floue.", "error")
        return render_template("pieces/pieces.html", form=form, page_url=lambda n: f"?page={n}")

    @app.get("/error/<int:code>")
    def error(code: int) -> str:
        if code == 500:
            raise RuntimeError("on purpose")
        abort(code)

    @app.after_request
    def lock(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = CSP
        return response

    return app


def drawn(app: Flask, source: str, **context: Any) -> str:
    """A template written in the test, with every macro at hand as `m`."""
    with app.test_request_context():
        return render_template_string("{% import 'macros.html' as m %}" + source, **context)


# --- Filters


# --- Assets and icons


def test_an_asset_carries_the_hash_of_its_content_and_is_kept_a_year() -> None:
    client = make_app().test_client()
    page = client.get("/page/door").text
    found = re.search(r'href="(/static/css/marelle\.css\?v=[0-9a-f]{12})"', page)
    assert found
    address = found[1]
    assert client.get(address, buffered=True).headers["Cache-Control"] == look.A_YEAR
    assert client.get(address.partition("?")[0], buffered=True).headers["Cache-Control"] == look.A_DAY


def test_the_address_of_an_asset_changes_with_its_content(tmp_path: Path) -> None:
    app = Flask("small", static_folder=str(tmp_path))
    (tmp_path / "a.css").write_text("a{}")
    before = look.assets(app)("a.css")
    (tmp_path / "a.css").write_text("b{}")
    assert look.assets(app)("a.css") != before


def sprite() -> set[str]:
    return set(re.findall(r'id="i-([a-z0-9-]+)"', (STATIC / "img" / "icons.svg").read_text()))


def test_every_icon_named_in_a_template_is_in_the_sprite() -> None:
    named = re.compile(r"""\b(?:ic|sign|tag|file_button)\(([^()]*)\)""")
    kebab = re.compile(r"""["']([a-z0-9]+(?:-[a-z0-9]+)*)["']""")
    position = {"ic": 0, "sign": 1, "tag": 1, "file_button": 2}
    missing = {}
    for template in TEMPLATES.rglob("*.html"):
        for call in named.finditer(template.read_text()):
            macro = call[0].partition("(")[0]
            arguments = call[1].split(",")
            given = arguments[position[macro]] if len(arguments) > position[macro] else ""
            if re.match(r"\s*\w+\s*=", given):
                continue
            for icon in kebab.findall(given):
                if icon not in sprite():
                    missing[f"{template.name}: {icon}"] = call[0]
    assert not missing
    squares = (TEMPLATES / "macros.html").read_text().partition("SQUARES = {")[2].partition("}")[0]
    assert set(re.findall(r', "([a-z-]+)"\)', squares)) <= sprite()


def test_every_icon_named_in_python_is_in_the_sprite() -> None:
    """Menus say ``icon="..."``; choices give label, tone and icon in a row."""
    tones = "green|yellow|blue|rose|peach|grey"
    named = re.compile(rf"""\bicon=["']([a-z0-9-]+)["']|["'](?:{tones})["'],\s*["']([a-z0-9-]+)["']""")
    missing = {
        f"{module.relative_to(APP)}: {found[1] or found[2]}"
        for module in APP.rglob("*.py")
        for found in named.finditer(module.read_text())
        if (found[1] or found[2]) not in sprite()
    }
    assert not missing


def test_every_icon_of_the_list_is_in_the_sprite_and_nothing_else() -> None:
    assert sprite() == set((APP / "assets" / "icons.txt").read_text().split())


def test_the_sheet_stays_under_25_kb_gzipped() -> None:
    assert len(gzip.compress((STATIC / "css" / "marelle.css").read_bytes(), 9)) < 25_000


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    for template in TEMPLATES.rglob("*.html"):
        source = re.sub(r"\{#.*?#\}", "", template.read_text(), flags=re.DOTALL)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", source), (
            template
        )
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", source), template
    for css in (STATIC / "css").glob("*.css"):
        assert not re.search(r"url\([\"']?(?:https?:|//|data:)", css.read_text()), css


# --- Fields


@pytest.fixture
def refused() -> Sheet:
    form = Sheet()
    form.validate()
    return form


def test_a_refused_field_says_so_to_everybody(refused: Sheet) -> None:
    html = drawn(make_app(), "{{ m.field(form.doctor) }}", form=refused)
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="doctor-e doctor-d"' in html
    assert "<span>Indiquez un nom.</span>" in html
    assert 'class="req" aria-hidden="true">*' in html
    assert 'class="form-control is-invalid"' in html


def test_a_field_without_error_or_help_describes_nothing() -> None:
    html = drawn(make_app(), "{{ m.field(form.born) }}", form=Sheet())
    assert 'type="date"' in html
    assert "aria-" not in html
    assert "*" not in html


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("secret", 'data-show-password="secret"'),
        ("quotient", '<span class="input-group-text" id="quotient-u">€ par mois</span>'),
        ("quotient", 'inputmode="numeric"'),
        ("alone", '<label class="check-line" for="alone"><input class="form-check-input"'),
        ("diet", '<input type="radio" name="diet" value="s" id="diet-0" checked>'),
        ("allergies", '<input type="checkbox" name="allergies" value="a" id="allergies-0" checked>'),
        ("way", '<select class="form-select" id="way" name="way">'),
        ("proof", 'capture="environment"'),
        ("proof", 'data-max-bytes="10000000"'),
        ("remark", "Appeler le 15.</textarea>"),
    ],
)
def test_each_sort_of_field_has_its_drawing(name: str, holds: str) -> None:
    assert holds in drawn(make_app(), "{{ m.field(form[name]) }}", form=Sheet(), name=name)


def test_a_read_only_field_shows_words_and_sends_nothing() -> None:
    html = drawn(
        make_app(),
        "{{ m.field(form.diet, readonly=true) }}{{ m.field(form.alone, readonly=true) }}",
        form=Sheet(),
    )
    assert 'readonly value="Standard"' in html
    assert 'readonly value="Non"' in html
    assert "name=" not in html


def test_the_summary_of_errors_leads_to_each_field(refused: Sheet) -> None:
    html = drawn(make_app(), "{{ m.error_summary(form) }}", form=refused)
    assert "1 point est à corriger" in html
    assert '<a href="#doctor">Nom du médecin\u00a0: Indiquez un nom.</a>' in html
    assert drawn(make_app(), "{{ m.error_summary(form) }}", form=Sheet()).strip() == ""


def test_what_people_type_is_escaped() -> None:
    html = drawn(
        make_app(),
        "{{ m.field(form.doctor) }}{{ m.empty(word) }}",
        form=Sheet(data={"doctor": "<b>"}),
        word="<i>",
    )
    assert "<b>" not in html.replace("<b>&lt;i&gt;</b>", "")
    assert "<i>" not in html


def test_a_square_is_a_button_with_its_whole_name() -> None:
    html = drawn(
        make_app(), "{{ m.sq('waiting', 'repas du lundi', rank=1, attrs={'name': 'cell', 'value': '3'}) }}"
    )
    assert '<button type="button" class="sq sq-waiting" name="cell" value="3">' in html
    assert "1<sup>er</sup>" in html
    assert '<span class="visually-hidden">, repas du lundi</span>' in html
    assert "pas encore envoyé" in drawn(make_app(), "{{ m.sq('asked', 'x', new=true) }}")


def test_the_tag_of_a_choice_has_colour_sign_and_word() -> None:
    choice = SimpleNamespace(label="Refusé", tone="rose", icon="x-lg")
    html = drawn(make_app(), "{{ m.tag_of(choice) }}{{ m.tag_of(none) }}", choice=choice)
    assert html.count("<span") == 1
    assert "t-rose" in html and "#i-x-lg" in html and "Refusé" in html


def test_the_pager_shows_first_last_and_neighbours() -> None:
    html = drawn(make_app(), "{{ m.pager(5, 9, url, 41, 50, 84) }}", url=lambda n: f"?page={n}")
    assert re.findall(r'href="\?page=(\d)"', html) == ["4", "1", "4", "5", "6", "9", "6"]
    assert "Lignes 41 à 50 sur 84" in html


# --- Layouts


@pytest.mark.parametrize(
    ("side", "viewer"),
    [("family", PARENT), ("staff", CLERK), ("door", None), ("family", None), ("staff", None)],
)
def test_every_layout_renders_with_and_without_somebody(side: str, viewer: Any) -> None:
    page = make_app(viewer).test_client().get(f"/page/{side}").text
    assert '<html lang="fr">' in page
    assert page.count("<main") == page.count('id="contenu"') == 1
    assert "<h1>Essai</h1>" in page
    assert ("Se déconnecter" in page) == (viewer is not None)


def test_layouts_render_when_nothing_was_given() -> None:
    app = Flask("bare", template_folder=str(TEMPLATES), static_folder=str(STATIC))
    look.register(app)
    for side in ("family", "staff", "door"):
        assert "<main" in drawn(app, "{% include 'layout/" + side + ".html' %}")


def test_the_family_switch_shows_only_to_who_reaches_several() -> None:
    assert (
        "Voir la famille Marchadier-Brunel" in make_app(PARENT, HOMES).test_client().get("/page/family").text
    )
    alone = make_app(PARENT, HOMES[:1]).test_client().get("/page/family").text
    assert "Voir la famille" not in alone
    assert 'class="whose"' not in alone


def test_the_staff_menu_tells_where_one_is_and_what_waits() -> None:
    page = make_app(CLERK).test_client().get("/page/staff").text
    assert re.search(r'href="/familles" aria-current="page"', page)
    assert '14<span class="visually-hidden"> à traiter</span>' in page
    assert 'action="/service/chercher"' in page


def test_messages_are_shown_once_with_their_role() -> None:
    client = make_app(PARENT).test_client()
    page = client.get("/pieces").text
    assert page.count('<p class="note note-rose" role="alert">La photo est floue.</p>') == 1
    assert "La photo est floue." not in client.get("/page/family").text


# --- Errors

HEADINGS = {
    400: "Nous n’avons pas compris cet envoi",
    403: "Cette page ne vous est pas ouverte",
    404: "Cette page n’existe pas",
    405: "Cette page ne s’ouvre pas ainsi",
    409: "Cette fiche a changé entre-temps",
    413: "Ce fichier est trop lourd",
    429: "Trop d’essais en peu de temps",
    500: "Une panne est arrivée chez nous",
}


@pytest.mark.parametrize("viewer", [None, PARENT, CLERK])
@pytest.mark.parametrize("code", sorted(HEADINGS))
def test_an_error_says_what_happened_and_leads_home(code: int, viewer: Any) -> None:
    answer = make_app(viewer).test_client().get(f"/error/{code}")
    assert answer.status_code == code
    assert HEADINGS[code] in answer.text
    assert "Revenir à l’accueil" in answer.text
    assert set(re.findall(r"#i-([a-z0-9-]+)", answer.text)) <= sprite()


def test_the_outage_page_asks_nothing_of_anybody() -> None:
    def down() -> Any:
        raise RuntimeError("the database is down")

    app = Flask("down", template_folder=str(TEMPLATES), static_folder=str(STATIC))
    look.register(app, town=down, viewer=down, families=down, current_family=down, menu=down)
    answer = app.test_client().get("/nowhere")
    assert answer.status_code == 500
    assert HEADINGS[500] in answer.text


# --- In a browser


@pytest.fixture(scope="module")
def served() -> Iterator[dict[str, str]]:
    """The small application on loopback, one port for each side."""
    servers = {
        side: make_server("127.0.0.1", 0, make_app(viewer, HOMES), threaded=True)
        for side, viewer in {"family": PARENT, "staff": CLERK}.items()
    }
    for server in servers.values():
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {side: f"http://127.0.0.1:{server.server_port}" for side, server in servers.items()}
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("width", [390, 1280])
def test_all_the_pieces_hold_under_the_csp_and_axe_finds_nothing(
    browser: Browser, served: dict[str, str], width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for address in (
        f"{served['family']}/pieces",
        f"{served['staff']}/page/staff",
        f"{served['family']}/page/door",
    ):
        page.goto(address, wait_until="networkidle")
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert said == []
    page.close()


@pytest.mark.parametrize(("side", "width"), [("family", 390), ("staff", 1024)])
def test_the_menu_opens_keeps_the_focus_and_closes_with_escape(
    browser: Browser, served: dict[str, str], side: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 768})
    page.goto(f"{served[side]}/page/{side}")
    assert not page.locator("#menu").is_visible()
    page.get_by_role("button", name="Menu").click()
    assert page.locator("#menu").is_visible()
    for _ in range(15):
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('#menu').contains(document.activeElement)")
    page.keyboard.press("Escape")
    assert not page.locator("#menu").is_visible()
    assert page.evaluate("document.activeElement.dataset.menu") == "menu"
    page.close()


def test_the_menu_opens_without_any_script(browser: Browser, served: dict[str, str]) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 768}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served['family']}/page/family")
    page.locator("[data-menu]").click()
    assert page.locator("#menu").is_visible()
    context.close()


def test_a_key_leads_to_the_search_but_never_acts_in_a_field(
    browser: Browser, served: dict[str, str]
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 768})
    page.goto(f"{served['staff']}/page/staff")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("a/b")
    assert page.locator("#q").input_value() == "a/b"
    page.close()

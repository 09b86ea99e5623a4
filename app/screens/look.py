"""The look in Jinja: addresses of assets, French filters, form controls, what layouts rely on, error pages.

``register(app, ...)`` is called once by ``create_app``. Every callable it is given may be left
out: the layouts then show less, and still render (tests, e-mails, an error before login).
Nothing here reads the clock or the database: dates are passed in, people come from callables.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, has_request_context, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from app.screens.controls import control, field_kind, form_errors, shown, takes_one
from app.screens.typography import FrenchSpaces
from app.screens.words import FILTERS, count

NB = "\u00a0"
LOCALE = "fr"
PARIS = ZoneInfo("Europe/Paris")
A_YEAR = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"
HTMX_CONFIG = {
    "includeIndicatorStyles": False,
    # Never a style attribute: the policy refuses it.
    "attributesToSettle": ["class", "width", "height"],
    "allowEval": False,
    "allowScriptTags": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "refreshOnHistoryMiss": True,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "422", "swap": True},
        {"code": "[45]..", "swap": False, "error": True},
    ],
}


# --- What the layouts rely on --------------------------------------------------------------------


@dataclass(frozen=True)
class Paths:
    """The addresses that layouts lead to."""

    home: str = "/"
    staff_home: str = "/service/"
    search: str = "/service/chercher"
    login: str = "/connexion"
    logout: str = "/deconnexion"
    password: str = "/mon-mot-de-passe"  # noqa: S105 (an address)
    family: str = "/famille-choisie"
    hat: str = "/service/casquette"
    contact: str = "/contact"


def nothing() -> None:
    """What a callable that was not given answers."""


def register(
    app: Flask,
    *,
    town: Callable[[], Any] = nothing,
    viewer: Callable[[], Any] = nothing,
    families: Callable[[], Any] = nothing,
    current_family: Callable[[], Any] = nothing,
    menu: Callable[[], Any] = nothing,
    hats: Callable[[], Any] = nothing,
    paths: Paths = Paths(),
    errors: bool = True,
) -> None:
    """Give Jinja the look: filters, ``asset``, form controls, the layouts' context, error pages.

    The callables are asked once a page, inside the request. ``town`` has name, service, phone,
    email; ``viewer`` is None or has name, is_staff, is_family; ``families`` lists what the account
    reaches (id, name), ``hats`` what a colleague may act as (key, words); ``menu`` lists headings
    (label, entries of label, icon, url, current, count, hint). ``errors=False`` leaves the
    application's error handlers alone.
    """
    jinja = app.jinja_env
    jinja.add_extension(FrenchSpaces)
    jinja.filters.update(FILTERS)
    jinja.globals.update(
        asset=assets(app),
        control=control,
        count=count,
        field_kind=field_kind,
        takes_one=takes_one,
        form_errors=form_errors,
        htmx_config=HTMX_CONFIG,
        max_upload=app.config.get("MAX_CONTENT_LENGTH"),
        paths=paths,
        shown=shown,
    )
    jinja.globals.setdefault("csrf_token", lambda: "")

    @app.context_processor
    def layout_context() -> dict[str, Any]:
        if g.get("look_bare") or not has_request_context():
            known = {} if g.get("look_bare") else town() or {}
            nobody: dict[str, Any] = {"viewer": None, "families": [], "current_family": None, "hats": []}
            return {"town": known, "menu": list, **nobody}
        return {
            "town": town() or {},
            "viewer": viewer(),
            "families": families() or [],
            "current_family": current_family(),
            "hats": hats() or [],
            "menu": lambda: menu() or [],
        }

    @app.after_request
    def keep_static(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code in (200, 206, 304):
            named = "v" in request.args or request.path.endswith(".woff2")
            response.headers["Cache-Control"] = A_YEAR if named else A_DAY
        return response

    if errors:
        for code in CODES:
            app.register_error_handler(code, error_page)


def assets(app: Flask) -> Callable[[str], str]:
    """``asset("css/marelle.css")``: the static address with the hash of the content, read once a path.

    While debugging, a file that changed is read again.
    """
    known: dict[tuple[str, float], str] = {}

    def version(path: str) -> str:
        file = Path(app.static_folder or "") / path
        key = (path, file.stat().st_mtime if app.debug else 0.0)
        if key not in known:
            known[key] = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        return known[key]

    def asset(path: str) -> str:
        root = request.script_root if has_request_context() else ""
        return f"{root}{app.static_url_path}/{path}?v={version(path)}"

    return asset


# --- Error pages ---------------------------------------------------------------------------------

# The sentences of each are in templates/errors/error.html.
CODES = (400, 403, 404, 405, 409, 413, 429, 500)


def error_page(error: HTTPException) -> Response:
    """The page of an error, on the viewer's side; the outage's page asks nothing of the database."""
    code = error.code or 500
    if code >= 500:
        g.look_bare = True
    page = render_template("errors/error.html", code=code if code in CODES else 400 if code < 500 else 500)
    response = make_response(page, code)
    retry = getattr(error, "retry_after", None)
    if code == 429 and isinstance(retry, int):
        response.headers["Retry-After"] = str(retry)
    return response

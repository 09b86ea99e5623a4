"""What every answer carries: headers, CSRF, the gate, error pages, the sign of life."""

from datetime import timedelta
from typing import Any

from flask import Flask, Response, current_app, g, jsonify
from flask.typing import ResponseReturnValue
from flask_appbuilder import AppBuilder
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import Conflict, Forbidden, HTTPException, NotFound
from werkzeug.middleware.proxy_fix import ProxyFix

from app.access import permissions, readings
from app.access.database import db, set_reading
from app.access.scope import OutOfScope, RightTightened
from app.access.viewer import unscoped
from app.models import Family, Heartbeat
from app.screens import look, menu, page
from app.screens.api import problems
from app.screens.builder.addresses import file_url
from app.screens.numbers import RowNumber
from app.screens.veil import VeiledEnvironment
from app.services import clock, team
from app.services.catalogue import catalogue
from app.services.settings import Town

csrf = CSRFProtect()
CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-src": "'self'",
    "frame-ancestors": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
}
WORKER_SILENCE = timedelta(minutes=3)


def init_app(app: Flask) -> None:
    """Install all of it on the application."""
    app.jinja_environment = VeiledEnvironment  # before whatever asks for it
    hops = app.config.get("TRUSTED_PROXIES", 0)
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.url_map.converters["int"] = RowNumber
    csrf.init_app(app)
    secure = bool(app.config.get("SESSION_COOKIE_SECURE"))
    app.after_request(_note_readings)
    app.after_request(_own_policy)  # before Talisman's: runs after it
    Talisman(
        app,
        force_https=False,  # the proxy in front does it
        strict_transport_security=secure,
        session_cookie_secure=secure,
        content_security_policy=CSP,
        content_security_policy_nonce_in=["script-src"],
        frame_options="SAMEORIGIN",
        referrer_policy="same-origin",
        permissions_policy={"geolocation": "()", "microphone": "()", "camera": "(self)"},
    )
    app.jinja_env.globals["is_shown"] = permissions.is_shown
    app.jinja_env.globals["file_url"] = file_url
    page.install(app)
    app.add_url_rule("/healthz", "healthz", healthz)
    look.register(
        app,
        town=town,
        viewer=lambda: g.get("viewer"),
        families=families,
        current_family=current_family,
        menu=menu.build,
        hats=hats,
        paths=look.Paths(family="/foyer"),
        errors=False,
    )
    for code in look.CODES:
        app.register_error_handler(code, _on_error)
    app.register_error_handler(problems.Refused, _on_refused)
    app.register_error_handler(OutOfScope, _on_out_of_scope)
    app.register_error_handler(RightTightened, _on_tightened)
    app.register_error_handler(StaleDataError, _on_stale)
    app.register_error_handler(IntegrityError, _on_stale)
    app.register_error_handler(CSRFError, _on_error)


def exempt_own_doors(builder: AppBuilder) -> None:
    """Where no cookie says who is asking, there is no form of ours to prove."""
    for one in builder.baseviews:
        if isinstance(one, page.Page) and type(one).own_door is not None:
            csrf.exempt(one.blueprint)


def _note_readings(response: Response) -> Response:
    """Whose health this answer tells to the service, before it leaves; a program's refusal tells nothing."""
    if response.status_code < 400 or not response.is_json:
        readings.write(clock.now())
    return response


def _own_policy(response: Response) -> Response:
    """A file that somebody sent comes with its own, stricter policy (``services/files.py``)."""
    if "content_policy" in g:
        response.headers["Content-Security-Policy"] = g.content_policy
    return response


def healthz() -> ResponseReturnValue:
    """200 when the database answers and the worker was heard lately; 503 and the reason otherwise."""
    state: dict[str, Any] = {"database": "ok", "worker": "ok"}
    try:
        with unscoped("le signe de vie n'est à personne"):
            beat = db.session.scalars(select(Heartbeat).where(Heartbeat.name == "worker")).one_or_none()
            if beat is None or clock.now() - beat.beaten_at > WORKER_SILENCE:
                state["worker"] = "silent"
    except SQLAlchemyError:
        current_app.logger.exception("healthz")
        state = {"database": "unreachable", "worker": "unknown"}
    well = set(state.values()) == {"ok"}
    return jsonify(state), 200 if well else 503


def town() -> Town:
    """The town's values, from memory."""
    return catalogue().town


def families() -> list[Family]:
    """The households that the account reaches, on the family side."""
    viewer, account = g.get("viewer"), g.get("account")
    if viewer is None or account is None or not viewer.is_family:
        return []
    return sorted((reach.family for reach in account.reaches), key=lambda family: (family.name, family.id))


def current_family() -> Family | None:
    """The household in view."""
    viewer = g.get("viewer")
    return next((family for family in families() if family.id == viewer.family_id), None)


def hats() -> list[team.Worn]:
    """The hats that a colleague may choose among; nothing when there is one."""
    viewer, account = g.get("viewer"), g.get("account")
    if viewer is None or account is None or not viewer.is_staff:
        return []
    return team.hats_in_words(account)


def _on_error(error: HTTPException) -> ResponseReturnValue:
    """The page of an error: what was begun is undone, and what the page itself reads waits for no writer."""
    db.session.rollback()
    set_reading(True)
    return problems.of(error) if problems.is_api() else look.error_page(error)


def _on_refused(refused: problems.Refused) -> ResponseReturnValue:
    """A refusal of the API: nothing of what was begun stays."""
    db.session.rollback()
    return problems.answer(refused)


def _on_out_of_scope(error: OutOfScope) -> ResponseReturnValue:
    """A row out of reach does not exist, whoever asks."""
    current_app.logger.warning("hors de portée : %s", error)
    return _on_error(NotFound())


def _on_tightened(error: RightTightened) -> ResponseReturnValue:
    """The town took that right back from the role: say which, nothing was written."""
    refusal = Forbidden()
    g.error_sentence = (
        f"«\u00a0{error.attribute.label}\u00a0» ne se modifie plus avec votre rôle. Rien n’a été enregistré."
    )
    return _on_error(refusal)


def _on_stale(error: StaleDataError | IntegrityError) -> ResponseReturnValue:
    """Somebody saved the row in between, or the same thing at the same instant: nothing is overwritten."""
    return _on_error(Conflict())

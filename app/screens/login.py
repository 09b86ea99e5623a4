"""The door: log in and out, first connection, forgotten password, change of password (A2 to A4)."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, flash, g, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_login import current_user, login_user
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from app.access.guard import load_account
from app.access.viewer import nobody
from app.models import Account
from app.screens import stay, throttle
from app.screens.page import Page
from app.screens.words import clock as clock_words
from app.services import clock, login, passwords

FAMILY_HOME, STAFF_HOME = "/", "/service/"
LENGTHS = {"shortest": passwords.SHORTEST, "long_enough": passwords.LONG_ENOUGH}
WRONG = "L’adresse e-mail ou le mot de passe ne correspond pas. Vérifiez l’un et l’autre, puis recommencez."


# --- Forms ---------------------------------------------------------------------------------------


class LoginForm(FlaskForm):
    """Who, and the password."""

    email = EmailField(
        "Adresse e-mail",
        validators=[InputRequired("Indiquez votre adresse e-mail."), Length(max=200)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        "Mot de passe",
        validators=[InputRequired("Indiquez votre mot de passe.")],
        render_kw={"autocomplete": "current-password"},
    )


class ForgottenForm(FlaskForm):
    """The address to which a link is mailed."""

    email = EmailField(
        "Adresse e-mail",
        validators=[InputRequired("Indiquez votre adresse e-mail."), Length(max=200)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class ChosenForm(FlaskForm):
    """The first password, or the new one."""

    password = PasswordField(
        "Mot de passe\u00a0: trois ou quatre mots",
        validators=[InputRequired("Choisissez un mot de passe.")],
        render_kw={"autocomplete": "new-password"},
    )


class ChangeForm(FlaskForm):
    """The old one and the new one."""

    current = PasswordField(
        "Mot de passe actuel",
        validators=[InputRequired("Indiquez votre mot de passe actuel.")],
        render_kw={"autocomplete": "current-password"},
    )
    password = PasswordField(
        "Nouveau mot de passe",
        validators=[InputRequired("Choisissez un nouveau mot de passe.")],
        description="Trois ou quatre mots que vous retiendrez.",
        render_kw={"autocomplete": "new-password"},
    )


# --- Entering ------------------------------------------------------------------------------------


def local_path(wanted: str | None) -> str | None:
    """The address to go on to, if it is a path of this site and nothing else."""
    if not wanted or not wanted.startswith("/") or re.search(r"[\\\x00-\x20\x7f]", wanted):
        return None
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc or wanted.startswith("//"):
        return None
    return wanted


def destination(account: Account, wanted: str | None) -> str:
    """Where an account goes after log-in: what it asked for on its own side, else its home."""
    home = STAFF_HOME if account.grants else FAMILY_HOME
    path = local_path(wanted)
    if path is None or path == FAMILY_HOME or (path.startswith(STAFF_HOME) and not account.grants):
        return home
    return path


def let_in(account: Account, now: datetime) -> None:
    """A cookie that nobody had before: what the visitor carried is forgotten."""
    session.clear()
    login_user(account)
    stay.begin(as_staff=bool(account.grants), now=now)


def device_of(agent: str) -> str:
    """The device in two words for the history of connections: « iPhone, Safari »."""
    systems = {
        "iPhone": "iPhone",
        "iPad": "iPad",
        "Android": "Android",
        "Windows": "Windows",
        "Mac OS": "Mac",
    }
    browsers = {"Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung", "Firefox": "Firefox"}
    browsers |= {"FxiOS": "Firefox", "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari"}
    system = next((words for mark, words in {**systems, "Linux": "Linux"}.items() if mark in agent), "")
    browser = next((words for mark, words in browsers.items() if mark in agent), "")
    return ", ".join(filter(None, (system, browser))) or agent[:60]


def too_often(until: datetime) -> str:
    """The sentence that says when to try again."""
    return (
        "Trop d’essais en peu de temps. Pour protéger les comptes, nous faisons une pause\u00a0: "
        f"réessayez à partir de {clock_words(until)}."
    )


@contextmanager
def at_least(seconds: float) -> Iterator[None]:
    """Whatever happens inside, it takes that long: a faster answer would tell that nothing was done."""
    started = time.monotonic()
    yield
    time.sleep(max(0.0, seconds - (time.monotonic() - started)))


class Door(Page):
    """A page open to whoever comes, of which no copy is kept."""

    side = None

    def door(self, template: str, status: int = 200, **context: Any) -> ResponseReturnValue:
        """Render it."""
        response = make_response(self.show(f"door/{template}.html", **context), status)
        response.headers["Cache-Control"] = "no-store"
        return response


class LoginPage(Door):
    """Log in with the e-mail that the service knows and the password that one chose."""

    route_base = "/connexion"

    @expose("", methods=["GET", "POST"])
    def index(self) -> ResponseReturnValue:
        """The form; what one came for is found again after it."""
        wanted = request.args.get("next")
        account = current_user._get_current_object()
        if request.method == "GET" and account.is_authenticated:
            return redirect(destination(account, wanted))
        form = LoginForm()
        if not form.validate_on_submit():
            return self.door("login", 422 if form.is_submitted() else 200, form=form, wrong="")
        email = form.email.data or ""
        limits = (*throttle.password_limits(email), (throttle.LOGIN_BY_ADDRESS, throttle.address_key()))
        if until := throttle.pause("login", limits):
            return self._paused(form, until)
        now = clock.now()
        opened = login.check(email, form.password.data or "")
        entered = opened and login.enter(
            opened, request.remote_addr, device_of(request.user_agent.string), now
        )
        if not entered:
            return self.door("login", 422, form=form, wrong=WRONG)
        throttle.forgive(email)
        let_in(entered, now)
        return redirect(destination(entered, wanted))

    def _paused(self, form: LoginForm, until: datetime) -> ResponseReturnValue:
        response = make_response(self.door("login", 429, form=form, wrong=too_often(until)))
        response.headers["Retry-After"] = str(max(1, int((until - clock.now()).total_seconds())))
        return response


class LogoutPage(Door):
    """Leave."""

    route_base = "/deconnexion"

    @expose("", methods=["POST"])
    def index(self) -> ResponseReturnValue:
        """Forget everything that the cookie holds."""
        session.clear()
        flash("Vous êtes déconnecté.", "done")
        return redirect(LoginPage.url())


# --- Links and forgotten passwords ---------------------------------------------------------------


class WelcomePage(Door):
    """What a mailed link opens: choosing the first password, or a new one."""

    route_base = "/bienvenue"

    @expose("/<token>", methods=["GET", "POST"])
    def index(self, token: str) -> ResponseReturnValue:
        """Showing consumes nothing: mail programs open links before people do."""
        now = clock.now()
        link = login.open_link(token, now)
        if link is None:
            return self._over()
        form = ChosenForm()
        if form.validate_on_submit():
            wrong = login.use_link(link, form.password.data or "", now)
            if wrong is None:
                return self._over()
            if not wrong:
                return self._enter(link.account_id, now)
            form.password.errors = wrong
        status = 422 if form.is_submitted() else 200
        return self.door("welcome", status, form=form, link=link, **LENGTHS)

    def _enter(self, account_id: int, now: datetime) -> ResponseReturnValue:
        entered = login.enter(
            login.Opened(account_id), request.remote_addr, device_of(request.user_agent.string), now
        )
        if entered is None:
            return redirect(LoginPage.url())
        let_in(entered, now)
        flash("Votre mot de passe est enregistré. Vous êtes connecté.", "done")
        return redirect(destination(entered, None))

    def _over(self) -> ResponseReturnValue:
        return self.door("link_over", 410)


class ForgottenPage(Door):
    """Ask for a link to choose a new password."""

    route_base = "/mot-de-passe-oublie"

    @expose("", methods=["GET", "POST"])
    def index(self) -> ResponseReturnValue:
        """The answer is the same whether the address has an account or not."""
        form = ForgottenForm()
        if not form.validate_on_submit():
            return self.door(
                "forgotten", 422 if form.is_submitted() else 200, form=form, paused="", sent_to=""
            )
        email = form.email.data or ""
        limits = (
            (throttle.FORGOTTEN_BY_ACCOUNT, throttle.account_key(email)),
            (throttle.FORGOTTEN_BY_ADDRESS, throttle.address_key()),
        )
        if until := throttle.pause("forgotten", limits):
            response = make_response(
                self.door("forgotten", 429, form=form, paused=too_often(until), sent_to="")
            )
            response.headers["Retry-After"] = str(max(1, int((until - clock.now()).total_seconds())))
            return response
        with at_least(current_app.config.get("FORGOTTEN_SECONDS", 0.4)):
            login.ask_reset(email, clock.now())
        return self.door("forgotten", form=form, paused="", sent_to=email.strip())


class PasswordPage(Page):
    """Change one's own password, on either side."""

    route_base = "/mon-mot-de-passe"
    side = None

    @expose("", methods=["GET", "POST"])
    def index(self) -> ResponseReturnValue:
        """Asks for the current one; the other devices are then logged out."""
        account = g.get("account")
        if account is None:
            return redirect(url_for("LoginPage.index", next=request.path))
        account_id = account.id
        form = ChangeForm()
        if form.validate_on_submit():
            email = account.email
            if until := throttle.pause("login", throttle.password_limits(email)):
                form.current.errors = [too_often(until)]
                return self._form(form, 429)
            now = clock.now()
            wrong = login.change_password(account_id, form.current.data or "", form.password.data or "", now)
            if not wrong:
                throttle.forgive(email)
                return self._stay(account_id, now)
            form.current.errors = wrong.get("current", [])
            form.password.errors = wrong.get("password", [])
        return self._form(form, 422 if form.is_submitted() else 200)

    def _form(self, form: ChangeForm, status: int) -> ResponseReturnValue:
        must_renew = passwords.must_renew(g.account, clock.now())
        return self.show("door/password.html", form=form, must_renew=must_renew, **LENGTHS), status

    def _stay(self, account_id: int, now: datetime) -> ResponseReturnValue:
        with nobody():
            account = load_account(account_id)
        if account is not None:
            kept = {name: session[name] for name in ("family", "hat") if name in session}
            let_in(account, now)
            session.update(kept)
        flash("Votre mot de passe est changé. Les autres appareils ne sont plus connectés.", "done")
        return redirect(self.url())


PAGES = (LoginPage, LogoutPage, WelcomePage, ForgottenPage, PasswordPage)

"""The look in Jinja: addresses of assets, French filters, form controls, what layouts rely on, error pages.

``register(app, ...)`` is called once by ``create_app``. Every callable it is given may be left
out: the layouts then show less, and still render (tests, e-mails, an error before login).
Nothing here reads the clock or the database: dates are passed in, people come from callables.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Flask, Response, g, has_request_context, make_response, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    DecimalField,
    EmailField,
    Field,
    FieldList,
    FileField,
    FloatField,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SearchField,
    SelectMultipleField,
    SubmitField,
    TelField,
    TextAreaField,
    TimeField,
    URLField,
)
from wtforms import widgets as w
from wtforms.fields.choices import SelectFieldBase

from app.rules.words import number_words

NB = "\u00a0"
LOCALE = "fr"
PARIS = ZoneInfo("Europe/Paris")
A_YEAR = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"
HTMX_CONFIG = {
    "includeIndicatorStyles": False,
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


# --- Numbers and words ---------------------------------------------------------------------------


def _number(value: Decimal | int | float, pattern: str) -> str:
    """A positive number the French way; the font has U+00A0 and no U+202F."""
    return str(format_decimal(value, pattern, locale=LOCALE)).replace("\u202f", NB)


def euros(cents: int | None, signed: bool = False) -> str:
    """Integer cents: ``432`` gives ``4,32 €``, ``-432`` gives ``− 4,32 €``; ``signed`` adds ``+``."""
    if cents is None:
        return ""
    sign = f"−{NB}" if cents < 0 else f"+{NB}" if signed and cents > 0 else ""
    return f"{sign}{_number(abs(Decimal(cents)) / 100, '#,##0.00')}{NB}€"


def price(amount: Decimal | int | None) -> str:
    """A unit price in euros, two decimals and up to four when it has them: ``0,1234 €``."""
    if amount is None:
        return ""
    sign = f"−{NB}" if amount < 0 else ""
    return f"{sign}{_number(abs(Decimal(amount)), '#,##0.00##')}{NB}€"


def whole(value: int | None) -> str:
    """An integer with its thousands: ``1 080``."""
    return "" if value is None else ("−" + NB if value < 0 else "") + _number(abs(value), "#,##0")


def count(n: int, one: str, many: str | None = None, feminine: bool = False) -> str:
    """``1 document``, ``3 documents``, ``aucun document``; ``feminine`` for ``aucune facture``."""
    if n == 0:
        return f"{'aucune' if feminine else 'aucun'} {one}"
    return f"{whole(n)} {one if n == 1 else many or one + 's'}"


def filesize(size: int | None) -> str:
    """Bytes: ``640 octets``, ``340 Ko``, ``1,2 Mo``."""
    if size is None:
        return ""
    if size < 1000:
        return f"{size}{NB}octet{'s' if size > 1 else ''}"
    if size < 999_500:
        return f"{_number(round(size / 1000), '0')}{NB}Ko"
    if size < 999_950_000:
        return f"{_number(size / 1e6, '#,##0.#')}{NB}Mo"
    return f"{_number(size / 1e9, '#,##0.#')}{NB}Go"


def initials(name: str | None) -> str:
    """``Inès Marchadier`` gives ``IM``, one word alone gives its two first letters: ``Li``."""
    words = (name or "").split()
    if not words:
        return ""
    if len(words) == 1:
        return words[0][:1].upper() + words[0][1:2].lower()
    return (words[0][0] + words[-1][0]).upper()


def tel(number: str | None) -> str:
    """The address of a phone link: ``04 65 71 01 12`` gives ``tel:+33465710112``."""
    digits = re.sub(r"[^\d+]", "", number or "")
    if re.fullmatch(r"0\d{9}", digits):
        digits = "+33" + digits[1:]
    return f"tel:{digits}" if digits else ""


# --- Days and hours ------------------------------------------------------------------------------


def paris(value: datetime) -> datetime:
    """The instant as Europe/Paris; without a zone it is UTC, as the database gives it."""
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(PARIS)


def _day(value: date) -> date:
    return paris(value).date() if isinstance(value, datetime) else value


def long_date(value: date | None, today: date | None = None, year: bool = False) -> str:
    """``lundi 2 septembre``, never broken; with its year if ``year`` or another year than ``today``'s."""
    if value is None:
        return ""
    day = _day(value)
    number = "'1er'" if day.day == 1 else "d"
    with_year = year or (today is not None and day.year != _day(today).year)
    pattern = f"EEEE {number} MMMM" + (" y" if with_year else "")
    return format_date(day, pattern, locale=LOCALE).replace(" ", NB)


def short_date(value: date | None) -> str:
    """``02/09/2024``: staff tables only."""
    return "" if value is None else format_date(_day(value), "dd/MM/y", locale=LOCALE)


def day_short(value: date | None) -> str:
    """``lun.``: the head of a planning column."""
    return "" if value is None else format_date(_day(value), "EEE", locale=LOCALE)


def month(value: date | None, year: bool = True) -> str:
    """``septembre 2024``, never broken."""
    if value is None:
        return ""
    return format_date(_day(value), "MMMM y" if year else "MMMM", locale=LOCALE).replace(" ", NB)


def clock(value: time | datetime | None) -> str:
    """``7 h 30``, ``8 h``, ``minuit``; a datetime is read in Europe/Paris."""
    if value is None:
        return ""
    at = paris(value) if isinstance(value, datetime) else value
    if (at.hour, at.minute) == (0, 0):
        return "minuit"
    return f"{at.hour}{NB}h" + (f"{NB}{at.minute:02d}" if at.minute else "")


def moment(value: datetime | None, today: date | None = None, year: bool = False) -> str:
    """An instant: ``lundi 2 septembre à 21 h 06``."""
    return "" if value is None else f"{long_date(value, today, year)} à {clock(value)}"


def until(value: datetime | None, today: date | None = None, year: bool = False) -> str:
    """The end of a half-open interval: 0 h of Monday reads ``dimanche 25 août, minuit``.

    A limit includes its day, so midnight is told with the day that it ends.
    """
    if value is None:
        return ""
    local = paris(value)
    ends_a_day = (local.hour, local.minute) == (0, 0)
    day = local.date() - timedelta(days=1) if ends_a_day else local.date()
    return f"{long_date(day, today, year)}, {clock(local)}"


FILTERS: Mapping[str, Callable[..., str]] = {
    "euros": euros,
    "price": price,
    "whole": whole,
    "quantity": number_words,
    "counted": count,
    "filesize": filesize,
    "initials": initials,
    "tel": tel,
    "long_date": long_date,
    "short_date": short_date,
    "day_short": day_short,
    "month": month,
    "clock": clock,
    "moment": moment,
    "until": until,
}


# --- Forms: what the macro `field` asks of WTForms ------------------------------------------------

# Whatever widget a field came with (FAB has its own), these draw it.
WIDGETS: Sequence[tuple[type[Field], str, Any]] = (
    (HiddenField, "hidden", w.HiddenInput()),
    (SubmitField, "submit", w.SubmitInput()),
    (BooleanField, "check", w.CheckboxInput()),
    (RadioField, "chips", None),
    (SelectFieldBase, "select", w.Select()),
    (TextAreaField, "textarea", w.TextArea()),
    (FileField, "file", w.FileInput()),
    (PasswordField, "password", w.PasswordInput()),
    (EmailField, "input", w.EmailInput()),
    (TelField, "input", w.TelInput()),
    (URLField, "input", w.URLInput()),
    (SearchField, "input", w.SearchInput()),
    (DateTimeLocalField, "input", w.DateTimeLocalInput()),
    (DateField, "input", w.DateInput()),
    (TimeField, "input", w.TimeInput()),
)
TEXT = w.TextInput()


def _several(field: Field) -> bool:
    """Whether the field takes several choices: WTForms' class, or FAB's which derives from another."""
    return isinstance(field, SelectMultipleField) or getattr(field.widget, "multiple", False) is True


def _drawing(field: Field) -> tuple[str, Any]:
    for kind, name, widget in WIDGETS:
        if isinstance(field, kind):
            if name == "select" and _several(field):
                return "select" if "data-choices" in (field.render_kw or {}) else "chips", w.Select(
                    multiple=True
                )
            return name, widget
    return "input", TEXT


def field_kind(field: Field) -> str:
    """``input``, ``textarea``, ``select``, ``chips``, ``check``, ``file``, ``password``, ``hidden``, ``submit``."""
    return _drawing(field)[0]


def control(field: Field, **attributes: Any) -> Markup:
    """The bare control: our widget, the field's ``render_kw``, then these attributes."""
    given = {key: value for key, value in (field.render_kw or {}).items() if key not in ("unit", "prefix")}
    extra = {key: value for key, value in attributes.items() if value not in (None, False, "")}
    classes = " ".join(
        filter(None, [given.pop("class", ""), given.pop("class_", ""), extra.pop("class_", "")])
    )
    if isinstance(field, IntegerField):
        given.setdefault("inputmode", "numeric")
    elif isinstance(field, DecimalField | FloatField):
        given.setdefault("inputmode", "decimal")
    return Markup(_drawing(field)[1](field, **({"class": classes} if classes else {}) | given | extra))


def shown(field: Field) -> str:
    """What a read-only field reads: the words of the choices, Oui or Non, the text."""
    if isinstance(field, BooleanField):
        return "Oui" if field.data else "Non"
    if isinstance(field, SelectFieldBase):
        return ", ".join(str(option.label.text) for option in field if option.checked)
    if isinstance(field, DateField) and isinstance(field.data, date):
        return long_date(field.data, year=True)
    if isinstance(field, TimeField):
        return clock(field.data)
    return str(field._value() if hasattr(field, "_value") else field.data or "")


def form_errors(form: Form) -> list[tuple[str, str, str]]:
    """Every error of a form, in its order: ``(id to lead to, label, sentence)``; the form's own come first."""
    found = [("", "", str(error)) for error in form.form_errors]
    for field in form:
        found.extend(_field_errors(field))
    return found


def _field_errors(field: Field) -> Iterator[tuple[str, str, str]]:
    if isinstance(field, FormField):
        yield from form_errors(field.form)
    elif isinstance(field, FieldList):
        for entry in field.entries:
            yield from _field_errors(entry)
        yield from ((field.id, field.label.text, str(e)) for e in field.errors if isinstance(e, str))
    else:
        yield from ((field.id, field.label.text, str(error)) for error in field.errors[:1])


# --- What the layouts rely on --------------------------------------------------------------------


@dataclass(frozen=True)
class Paths:
    """The addresses that layouts lead to."""

    home: str = "/"
    staff_home: str = "/service/"
    search: str = "/service/chercher"
    login: str = "/connexion"
    logout: str = "/deconnexion"
    password: str = "/mot-de-passe"
    family: str = "/famille-choisie"
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
    paths: Paths = Paths(),
    errors: bool = True,
) -> None:
    """Give Jinja the look: filters, ``asset``, form controls, the layouts' context, error pages.

    The callables are asked once a page, inside the request. ``town`` has name, service, phone,
    email; ``viewer`` is None or has name, is_staff, is_family; ``families`` lists what the
    account reaches (id, name); ``menu`` lists headings (label, entries of label, icon, url,
    current, count, hint). ``errors=False`` leaves the application's error handlers alone.
    """
    jinja = app.jinja_env
    jinja.filters.update(FILTERS)
    jinja.globals.update(
        asset=assets(app),
        control=control,
        count=count,
        field_kind=field_kind,
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
            return {"town": known, "viewer": None, "families": [], "current_family": None, "menu": list}
        return {
            "town": town() or {},
            "viewer": viewer(),
            "families": families() or [],
            "current_family": current_family(),
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

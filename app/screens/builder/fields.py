"""One form field by kind of value: reads French, keeps what was typed, answers in French."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    DecimalField,
    EmailField,
    Field,
    FileField,
    Form,
    IntegerField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, StopValidation, ValidationError

from app.declare import Attribute, Choice, Kind, Problem
from app.rules.values import FIRST_YEAR, LAST_YEAR
from app.screens.numbers import BIGGEST, row_id
from app.services.clock import PARIS

BIGGEST_DECIMAL = Decimal(10**10)
LONGEST_NUMBER = 40
SPACES = str.maketrans("", "", " \u00a0\u202f€")


def one_line(text: str | None) -> str | None:
    """What was typed, without control characters nor spaces around; nothing at all is None."""
    kept = "".join(one for one in (text or "") if one.isprintable() or one in " \u00a0\u202f").strip()
    return kept or None


def many_lines(text: str | None) -> str | None:
    """The same, line ends kept."""
    lines = [one_line(line) or "" for line in (text or "").splitlines()]
    return "\n".join(lines).strip() or None


class Number(IntegerField):
    """A whole number, « 1 080 » as well as « 1080 »."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it, or say what is wrong with it."""
        self.data = None
        text = (valuelist[0] if valuelist else "").translate(SPACES)
        if not text:
            return
        digits = text.removeprefix("-").removeprefix("+")
        if not (digits.isascii() and digits.isdecimal()):
            raise ValueError(
                f"«\u00a0{valuelist[0].strip()}\u00a0» n’est pas un nombre entier, par exemple 12."
            )
        if len(digits) > 12 or abs(int(text)) > BIGGEST:
            raise ValueError("Ce nombre est trop grand.")
        self.data = int(text)


class Amount(DecimalField):
    """A number with a comma, up to four decimals."""

    decimals = 4
    example = "4,32"

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data.normalize():f}".replace(".", ",")

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it, or say what is wrong with it."""
        self.data = None
        typed = valuelist[0].strip() if valuelist else ""
        text = typed.translate(SPACES).replace("−", "-").replace(",", ".")
        if not text:
            return
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or "_" in text:
            raise ValueError(f"«\u00a0{typed}\u00a0» n’est pas un nombre, par exemple {self.example}.")
        # Past what arithmetic bears, comparing would raise: the exponent is looked at first.
        if len(text) > LONGEST_NUMBER or value.adjusted() > LONGEST_NUMBER or abs(value) >= BIGGEST_DECIMAL:
            raise ValueError("Ce nombre est trop grand.")
        if value != round(value, self.decimals):
            raise ValueError(f"Donnez au plus {self.decimals} chiffres après la virgule.")
        self.data = self.kept(value)

    def kept(self, value: Decimal) -> Any:
        """The value as the column holds it."""
        return value


class Euros(Amount):
    """An amount in euros, kept in cents."""

    decimals = 2

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{Decimal(self.data) / 100:.2f}".replace(".", ",")

    def kept(self, value: Decimal) -> int:
        """Cents."""
        cents = int(value * 100)
        if abs(cents) > BIGGEST:
            raise ValueError("Ce montant est trop grand.")
        return cents


class Day(DateField):
    """A day; 02/09/2026 is read as well as what browsers send."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it, or say what is wrong with it."""
        self.data = None
        text = valuelist[0].strip() if valuelist else ""
        if not text:
            return
        read = _parsed(text, ("%Y-%m-%d", "%d/%m/%Y"), "une date, par exemple 02/09/2026")
        self.data = _bounded(read.date())


class Moment(DateTimeLocalField):
    """An instant, typed and shown as Europe/Paris, kept in UTC."""

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        return f"{self.data.astimezone(PARIS):%Y-%m-%dT%H:%M}" if self.data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it, or say what is wrong with it."""
        self.data = None
        text = valuelist[0].strip() if valuelist else ""
        if not text:
            return
        formats = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M")
        read = _parsed(text, formats, "une date et une heure, par exemple 02/09/2026 08:30")
        _bounded(read.date())
        self.data = read.replace(tzinfo=PARIS).astimezone(UTC)


class Hour(TimeField):
    """An hour of the day."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it, or say what is wrong with it."""
        self.data = None
        text = valuelist[0].strip().replace("h", ":").replace(" ", "") if valuelist else ""
        if text:
            self.data = _parsed(text, ("%H:%M", "%H:%M:%S"), "une heure, par exemple 8:30").time()


def _parsed(text: str, formats: tuple[str, ...], what: str) -> datetime:
    for one in formats:
        try:
            return datetime.strptime(text, one)  # noqa: DTZ007  (the zone is given by the caller)
        except ValueError:
            continue
    raise ValueError(f"«\u00a0{text[:40]}\u00a0» n’est pas {what}.")


def _bounded(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"L’année {day.year} ne peut pas être la bonne.")
    return day


class Choosing(SelectField):
    """One of a closed list of values."""

    def __init__(self, *args: Any, choice: type[Choice], empty: bool, **kwargs: Any) -> None:
        options = [SelectChoice("", "")] if empty else []
        options += [SelectChoice(one.value, one.label) for one in choice]
        super().__init__(*args, choices=options, coerce=_text, validate_choice=False, **kwargs)
        self.choice = choice

    def process_data(self, value: Any) -> None:
        """The value of the row."""
        self.data = value.value if isinstance(value, Choice) else value

    def value(self) -> Choice | None:
        """The member chosen."""
        return next((one for one in self.choice if one.value == self.data), None)

    def pre_validate(self, form: Form) -> None:
        """Refuse what is not in the list."""
        if self.data and self.value() is None:
            raise ValidationError("Choisissez une des valeurs de la liste.")


class YesNo(SelectField):
    """Yes, no, or not known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        options = [SelectChoice("", ""), SelectChoice("oui", "Oui"), SelectChoice("non", "Non")]
        super().__init__(*args, choices=options, coerce=_text, validate_choice=False, **kwargs)

    def process_data(self, value: Any) -> None:
        """The value of the row."""
        self.data = "" if value is None else "oui" if value else "non"

    def value(self) -> bool | None:
        """True, False, or None."""
        return {"oui": True, "non": False}.get(self.data)


class Picking(SelectField):
    """A row, among those in reach: ``names`` has those that may be chosen, by number."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, choices=[SelectChoice("", "")], coerce=_text, validate_choice=False, **kwargs)
        self.names: dict[int, str] = {}
        self.remote = False

    def process_data(self, value: Any) -> None:
        """The number of the row that is pointed at."""
        self.data = "" if value is None else str(value)

    def offer(self, names: dict[int, str], address: str | None = None) -> None:
        """Offer these rows; with an address, they are those already chosen and the rest is searched there."""
        self.names, self.remote = names, address is not None
        self.choices = [SelectChoice("", ""), *(SelectChoice(str(key), name) for key, name in names.items())]
        if address is not None:
            self.render_kw: dict[str, Any] = {"data-choices": address}

    def value(self) -> int | None:
        """The number of the row chosen, if it was offered."""
        number = row_id(self.data)
        return number if number in self.names else None

    def pre_validate(self, form: Form) -> None:
        """Refuse a row that was not offered: to this viewer it does not exist."""
        if self.data and self.value() is None:
            raise ValidationError("Cette fiche n’existe pas, ou plus. Choisissez-en une autre.")


class Lines(TextAreaField):
    """A list of words, one a line."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(str(item) for item in self.data or ())

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the lines that say something."""
        text = many_lines(valuelist[0] if valuelist else "") or ""
        self.data = [line.strip() for line in text.split("\n") if line.strip()] or None


def _text(value: Any) -> str:
    return "" if value is None else str(value)


class Checked:
    """A validator that runs the checks of the declaration, and keeps the value as they tidy it."""

    def __init__(self, one: Attribute, today: date) -> None:
        self.one, self.today = one, today

    def __call__(self, form: Form, field: Field) -> None:
        """Raise the problem as the field's error."""
        value = field.value() if hasattr(field, "value") else field.data
        if value is None:
            return
        for check in self.one.checks:
            try:
                value = check(value, self.today)
            except Problem as problem:
                raise ValidationError(str(problem)) from problem
        if not hasattr(field, "value"):
            field.data = value


class Required:
    """A validator that asks for a value; a value that could not be read has its own error already."""

    field_flags = {"required": True}

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __call__(self, form: Form, field: Field) -> None:
        """Zero is a value, spaces are not."""
        given = getattr(field.data, "filename", "") if isinstance(field, FileField) else field.data
        if given in (None, "", []) and not field.process_errors:
            raise StopValidation(self.sentence)


def field_for(one: Attribute, today: date, *, nullable: bool, has_file: bool) -> Any:
    """The unbound field of an attribute. ``has_file``: the row has one already, which may stay."""
    validators: list[Any] = []
    asked = one.required and not nullable
    if one.kind is Kind.FILE:
        if asked and not has_file:
            validators.append(Required("Choisissez un fichier."))
    elif asked and one.kind is not Kind.BOOLEAN:
        what = "Choisissez une valeur." if one.kind in (Kind.CHOICE, Kind.RELATION) else "À remplir."
        validators.append(Required(what))
    if one.length and one.kind in TEXTS:
        validators.append(Length(max=one.length, message=f"{one.length}\u00a0signes au plus."))
    validators.append(Checked(one, today))
    words = f"{one.help} Un par ligne.".strip() if one.kind is Kind.JSON else one.help
    given: dict[str, Any] = {"label": one.label, "description": words, "validators": validators}
    unit = "€" if one.kind is Kind.CENTS else one.unit
    if unit:
        given["render_kw"] = {"unit": unit}
    return _made(one, given, nullable)


TEXTS = (Kind.TEXT, Kind.EMAIL, Kind.PHONE, Kind.IBAN, Kind.LONG_TEXT)
PLAIN: dict[Kind, Callable[..., Any]] = {
    Kind.TEXT: StringField,
    Kind.IBAN: StringField,
    Kind.EMAIL: EmailField,
    Kind.PHONE: TelField,
    Kind.LONG_TEXT: TextAreaField,
    Kind.INTEGER: Number,
    Kind.DECIMAL: Amount,
    Kind.CENTS: Euros,
    Kind.DATE: Day,
    Kind.MOMENT: Moment,
    Kind.TIME: Hour,
    Kind.FILE: FileField,
    Kind.RELATION: Picking,
    Kind.JSON: Lines,
}


def _made(one: Attribute, given: dict[str, Any], nullable: bool) -> Any:
    if one.kind in TEXTS:
        given["filters"] = [many_lines if one.kind is Kind.LONG_TEXT else one_line]
    if one.kind is Kind.CHOICE:
        return Choosing(**given, choice=one.python_type, empty=nullable or not one.has_default)
    if one.kind is Kind.BOOLEAN:
        return YesNo(**given) if nullable else BooleanField(**given)
    assert one.kind is not None
    return PLAIN[one.kind](**given)

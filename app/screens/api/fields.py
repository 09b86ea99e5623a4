"""Each kind of value in JSON, as marshmallow fields: one strict way to read it, and its OpenAPI type."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, get_origin

from marshmallow import RAISE, Schema, ValidationError
from marshmallow import fields as kept

from app.access import permissions
from app.access.viewer import Viewer
from app.declare import Attribute, Entity, Kind, Problem
from app.rules.values import FIRST_YEAR, LAST_YEAR
from app.screens.builder import filters, naming
from app.screens.builder.fields import many_lines, one_line
from app.screens.numbers import BIGGEST
from app.services import records

UNKNOWN = "Ce champ n’existe pas, ou ne se donne pas ici."
"""The same for what does not exist, what is hidden and what is only read: an error tells nothing."""
DECIMAL = r"^-?[0-9]{1,10}(\.[0-9]{1,4})?$"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})$"
HOUR = r"^[0-9]{2}:[0-9]{2}(:[0-9]{2})?$"
MOST_WORDS, LONGEST_WORD = 200, 200


class Strict(Schema):
    """A body: what is not declared is refused."""

    class Meta:
        """Marshmallow's options."""

        unknown = RAISE

    error_messages = {"unknown": UNKNOWN}


class Declared(kept.Field[Any]):
    """A field made of a declaration: its words, whether it may be empty, its checks on that day."""

    default_error_messages = {"required": "À donner.", "null": "Une valeur est obligatoire."}
    what = "une valeur"

    def __init__(self, one: Attribute, today: date | None = None, **given: Any) -> None:
        self.one, self.today = one, today
        given["metadata"] = described(one) | given.get("metadata", {})
        super().__init__(**given)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        read = self.read(value)
        if read is None:
            if not self.allow_none:
                raise ValidationError("À remplir.")
            return None
        for check in self.one.checks:
            assert self.today is not None
            try:
                read = check(read, self.today)
            except Problem as problem:
                raise ValidationError(str(problem)) from problem
        return read

    def read(self, value: Any) -> Any:
        """The value as the column holds it; ValidationError when it is not of that kind."""
        raise NotImplementedError

    def text(self, value: Any, pattern: str = "") -> str:
        """A string of that pattern."""
        if not isinstance(value, str) or (pattern and not re.fullmatch(pattern, value)):
            raise self.wrong()
        return value

    def wrong(self) -> ValidationError:
        """What was expected."""
        return ValidationError(f"Donnez {self.what}.")


class Line(Declared, kept.String):
    """A text of one line."""

    what = "un texte"
    tidy: Callable[[str], str | None] = staticmethod(one_line)
    breaks = ""

    def read(self, value: Any) -> str | None:
        """Without the spaces around; control characters are refused, not dropped."""
        text = self.text(value)
        if any(not (sign.isprintable() or sign in " \u00a0\u202f" + self.breaks) for sign in text):
            raise ValidationError("Ce texte contient un caractère qui ne se voit pas.")
        tidy = self.tidy(text)
        if tidy is not None and self.one.length and len(tidy) > self.one.length:
            raise ValidationError(f"{self.one.length}\u00a0signes au plus.")
        return tidy


class Lines(Line):
    """A text of many lines."""

    tidy = staticmethod(many_lines)
    breaks = "\n\r"


class Whole(Declared, kept.Integer):
    """A whole number, or cents."""

    what = "un nombre entier"

    def read(self, value: Any) -> int:
        """Within what a column holds; true is not 1."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong()
        if abs(value) > BIGGEST:
            raise ValidationError("Ce nombre est trop grand.")
        return value


class Exact(Declared, kept.String):
    """A decimal number, as a string so that nothing rounds it."""

    what = 'un nombre décimal dans un texte, comme "4.32"'

    def read(self, value: Any) -> Decimal:
        """Four decimals at most."""
        return Decimal(self.text(value, DECIMAL))


class YesNo(Declared, kept.Boolean):
    """True or false."""

    what = "true ou false"

    def read(self, value: Any) -> bool:
        """Neither 1 nor « oui »."""
        if not isinstance(value, bool):
            raise self.wrong()
        return value


class Day(Declared, kept.Date):
    """A day."""

    what = 'une date, comme "2026-09-02"'

    def read(self, value: Any) -> date:
        """ISO 8601, in a year that can be."""
        try:
            return bounded(date.fromisoformat(self.text(value, DAY)))
        except ValueError:
            raise self.wrong() from None


class Moment(Declared, kept.DateTime):
    """An instant; it says its offset."""

    what = 'un instant avec son fuseau, comme "2026-09-02T06:30:00Z"'

    def read(self, value: Any) -> datetime:
        """ISO 8601, kept in UTC."""
        try:
            read = datetime.fromisoformat(self.text(value, MOMENT))
        except ValueError:
            raise self.wrong() from None
        bounded(read.date())
        return read.astimezone(UTC)


class Hour(Declared, kept.String):
    """An hour of the day."""

    what = 'une heure, comme "08:30"'

    def read(self, value: Any) -> time:
        """Local."""
        try:
            return time.fromisoformat(self.text(value, HOUR))
        except ValueError:
            raise self.wrong() from None


class Choosing(Declared, kept.String):
    """One of a closed list, by its value."""

    def read(self, value: Any) -> Any:
        """The member."""
        found = next((one for one in self.one.python_type if one.value == value), None)
        if found is None or not isinstance(value, str):
            listed = ", ".join(one.value for one in self.one.python_type)
            raise ValidationError(f"Donnez une de ces valeurs\u00a0: {listed}.")
        return found


class Row(Declared, kept.Integer):
    """A row, by its number; ``bodies`` asks later, all at once, whether it is in reach."""

    what = "le numéro d’une fiche"

    def read(self, value: Any) -> int:
        """A number that a row can have."""
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= BIGGEST:
            raise self.wrong()
        return value


class Words(Declared, kept.List[Any]):
    """A list of words."""

    what = "une liste de textes"

    def __init__(self, one: Attribute, today: date | None = None, **given: Any) -> None:
        super().__init__(one, today, cls_or_instance=kept.String(), **given)

    def read(self, value: Any) -> list[str]:
        """Each of one line, none empty."""
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise self.wrong()
        if len(value) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in value):
            raise ValidationError(f"{MOST_WORDS}\u00a0textes de {LONGEST_WORD}\u00a0signes au plus.")
        if any(one_line(word) != word for word in value):
            raise ValidationError("Un de ces textes est vide, ou contient un caractère qui ne se voit pas.")
        return list(value)


def bounded(day: date) -> date:
    """A day in a year that can be the right one."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValidationError(f"L’année {day.year} ne peut pas être la bonne.")
    return day


READ: dict[Kind, type[Declared]] = {
    Kind.TEXT: Line,
    Kind.EMAIL: Line,
    Kind.PHONE: Line,
    Kind.IBAN: Line,
    Kind.LONG_TEXT: Lines,
    Kind.INTEGER: Whole,
    Kind.CENTS: Whole,
    Kind.DECIMAL: Exact,
    Kind.BOOLEAN: YesNo,
    Kind.DATE: Day,
    Kind.MOMENT: Moment,
    Kind.TIME: Hour,
    Kind.CHOICE: Choosing,
    Kind.RELATION: Row,
    Kind.JSON: Words,
}
"""Files have a door of their own."""


def described(one: Attribute) -> dict[str, Any]:
    """Its words for the description."""
    unit = "centimes d’euro" if one.kind is Kind.CENTS else one.unit
    words = [one.help, f"En {unit}." if unit else ""]
    if one.kind is Kind.RELATION:
        words.append(f"Le numéro d’une fiche de {naming.target_of(one).__term__.slug}.")
    return {"title": one.label, "description": " ".join(word for word in words if word) or one.label}


def is_written(one: Attribute) -> bool:
    """Whether a body can hold it: files come by their own door, structured values are only read."""
    if one.kind is Kind.JSON:
        return (get_origin(one.python_type) or one.python_type) is list
    return one.kind is not Kind.FILE


def written(entity: type[Entity], viewer: Viewer) -> list[Attribute]:
    """The attributes that a body of this viewer may give."""
    return [one for one in permissions.editable(entity, viewer) if is_written(one)]


def body_schema(entity: type[Entity], viewer: Viewer, today: date, *, creates: bool) -> Schema:
    """What reads the body of a creation, or of a change."""
    found: dict[str, kept.Field[Any]] = {}
    for one in written(entity, viewer):
        nullable = filters.nullable(entity, one)
        asked = creates and records.must_be_given(entity, one) and not records.is_filled_here(one)
        assert one.kind is not None
        limits = bounds(one, nullable)
        found[one.name] = READ[one.kind](one, today, required=asked, allow_none=nullable, metadata=limits)
    word = "Creation" if creates else "Modification"
    return Strict.from_dict(found, name=f"{entity.__name__}{word}")()


def bounds(one: Attribute, nullable: bool) -> dict[str, Any]:
    """What JSON Schema says of the values that are accepted."""
    if one.kind is Kind.CHOICE:
        return {"enum": [*(member.value for member in one.python_type), *([None] if nullable else [])]}
    if one.kind in (Kind.INTEGER, Kind.CENTS):
        return {"minimum": -BIGGEST, "maximum": BIGGEST}
    if one.kind is Kind.RELATION:
        return {"minimum": 1, "maximum": BIGGEST}
    pattern = {Kind.DECIMAL: DECIMAL, Kind.TIME: HOUR}.get(one.kind) if one.kind else None
    if pattern:
        return {"pattern": pattern}
    if one.kind is Kind.JSON:
        return {"maxItems": MOST_WORDS}
    return {"maxLength": one.length} if one.length else {}

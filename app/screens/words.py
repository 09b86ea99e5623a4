"""French numbers, days and hours for templates: Babel's words, with the spaces that the font has.

Nothing here reads the clock: dates are passed in.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal

from app.rules.words import number_words, of

NB = "\u00a0"
LOCALE = "fr"
PARIS = ZoneInfo("Europe/Paris")


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
    "of": of,
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

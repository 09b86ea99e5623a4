"""French words for days, hours, amounts and lists, as `look/README.md` writes them: U+00A0 where a line
must not break.

Only what a rule's sentence needs; screens format with Babel.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from app.rules.calendar import END_OF_DAY, ONE_DAY, Hour, Weekday, local

NBSP = "\u00a0"
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def day_words(on: date) -> str:
    """ "dimanche 25 août 2024", "mercredi 1er mai 2024": never breaks."""
    day = "1er" if on.day == 1 else str(on.day)
    return NBSP.join((WEEKDAYS[on.weekday()], day, MONTHS[on.month - 1], str(on.year)))


def month_words(month: date) -> str:
    """ "mars 2024"."""
    return f"{MONTHS[month.month - 1]}{NBSP}{month.year}"


def weekday_words(weekday: Weekday) -> str:
    return WEEKDAYS[weekday]


def hour_words(hour: Hour) -> str:
    """ "12 h", "8 h 30", "24 h"."""
    hours, minutes = divmod(hour.minutes, 60)
    return f"{hours}{NBSP}h" + (f"{NBSP}{minutes:02d}" if minutes else "")


def limit_words(limit: datetime) -> str:
    """ "dimanche 25 août 2024 à 24 h": a limit includes its day, so midnight belongs to the day it ends."""
    there = local(limit)
    on, hour = there.date(), Hour(there.hour * 60 + there.minute)
    if hour.minutes == 0:
        on, hour = on - ONE_DAY, END_OF_DAY
    return f"{day_words(on)} à {hour_words(hour)}"


def moment_words(moment: datetime) -> str:
    """ "lundi 21 août 2023 à 7 h": a moment at which something opens, midnight left out."""
    there = local(moment)
    hour = Hour(there.hour * 60 + there.minute)
    day = day_words(there.date())
    return f"{day} à {hour_words(hour)}" if hour.minutes else day


def number_words(number: Decimal | int) -> str:
    """ "1 080", "699,99": French comma, thousands apart, no useless zero."""
    whole, _, decimals = f"{Decimal(number):,f}".partition(".")
    decimals = decimals.rstrip("0")
    return whole.replace(",", NBSP).replace("-", "\u2212") + (f",{decimals}" if decimals else "")


def money_words(euros: Decimal) -> str:
    """ "4,32 €", "−1 080,00 €", "0,2875 €": two decimals, more only where the price has them."""
    exact = euros.normalize()
    exponent = exact.as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    whole, _, decimals = f"{euros:,.{places}f}".partition(".")
    return f"{whole.replace(',', NBSP).replace('-', chr(0x2212))},{decimals}{NBSP}€"


def cents_words(cents: int) -> str:
    return money_words(Decimal(cents) / 100)


def by_name(codes: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Codes in the order in which their names are told, a town's own; those without a name after them."""
    ranks = {code: rank for rank, code in enumerate(names)}
    return sorted(codes, key=lambda code: (ranks.get(code, len(ranks)), code))


def joined(words: Iterable[str], last: str = "et") -> str:
    """ "a", "a et b", "a, b et c"."""
    *first, end = tuple(words) or ("",)
    return f"{', '.join(first)} {last} {end}" if first else end


def of(name: str) -> str:
    """ "de Lila", "d’Inès", "d’avril 2024", "d’Yves" but "de Yasmine". An h is not elided: nobody can tell
    which are mute.
    """
    start = name[:1].lower()
    mute_y = start == "y" and name[1:2].lower() not in "aeiouy"
    return f"d’{name}" if start and (start in "aâàäeéèêëiîïoôöuûüœæ" or mute_y) else f"de {name}"


def french(text: str) -> str:
    """The text with U+00A0 where French typography puts a space that must not break: before : ; ! ? » €,
    after «, in « 10 h ».
    """
    return re.sub(r" (?=[:;!?»€])|(?<=«) |(?<=\d) (?=h\b)", NBSP, text)


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def counted(count: Decimal | int, one: str, many: str) -> str:
    """ "1 jour", "3 jours", "0 jour": French plurals begin at two."""
    return f"{number_words(count)}{NBSP}{many if abs(Decimal(count)) >= 2 else one}"

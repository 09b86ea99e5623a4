"""Checks of one value: each takes the value and the day, and raises ``Problem`` in French.

Where a format is somebody else's (IBAN, e-mail, telephone), a kept library decides.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException


class Problem(ValueError):
    """A value that can't be kept, with the sentence that a person reads."""


Check = Callable[[Any, date], Any]
"""Takes (value, today); returns the value to keep, tidied; raises Problem."""


def not_in_future(value: date, today: date) -> date:
    """The day is today or before."""
    day = value.date() if isinstance(value, datetime) else value
    if day > today:
        raise Problem(f"Le {day:%d/%m/%Y} n’est pas encore arrivé : indiquez une date passée.")
    return value


def positive(value: Any, today: date) -> Any:
    """Zero or more."""
    if value < 0:
        raise Problem("Indiquez un nombre positif ou zéro.")
    return value


def between(low: Any, high: Any) -> Check:
    """From low to high, both included."""

    def check(value: Any, today: date) -> Any:
        if not low <= value <= high:
            raise Problem(f"Indiquez une valeur entre {low} et {high}.")
        return value

    return check


def email_address(value: str, today: date) -> str:
    """An e-mail address, kept in lower case: it is an identifier whatever its case."""
    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise Problem(
            f"« {value} » n’est pas une adresse e-mail complète : par exemple prenom.nom@example.org."
        ) from error


def french_phone(value: str, today: date) -> str:
    """A telephone number, French unless it starts with +, kept as « 06 12 34 56 78 »."""
    try:
        number = phonenumbers.parse(value, "FR")
    except phonenumbers.NumberParseException as error:
        raise Problem(
            f"« {value} » n’est pas un numéro de téléphone : par exemple 06 12 34 56 78."
        ) from error
    if not phonenumbers.is_possible_number(number):
        raise Problem(f"« {value} » n’a pas le bon nombre de chiffres : par exemple 06 12 34 56 78.")
    french = number.country_code == 33
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL if french else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(number, style)


def postcode(value: str, today: date) -> str:
    """A French postcode: five digits."""
    tidy = value.replace(" ", "")
    if not re.fullmatch(r"\d{5}", tidy):
        raise Problem(f"« {value} » n’est pas un code postal : il en faut cinq chiffres, par exemple 38660.")
    return tidy


def code_word(value: str, today: date) -> str:
    """A code: lower case letters, digits and hyphens, starting with a letter."""
    if not re.fullmatch(r"[a-z][a-z0-9-]*", value):
        raise Problem(
            f"« {value} » n’est pas un code : des minuscules sans accent, des chiffres et des tirets, "
            "par exemple regime-midi."
        )
    return value


def iban(value: str, today: date) -> str:
    """An IBAN whose check digits hold, kept without spaces."""
    try:
        return str(IBAN(value))
    except SchwiftyException as error:
        raise Problem(
            "Cet IBAN n’est pas complet ou contient une erreur : recopiez-le depuis votre RIB."
        ) from error

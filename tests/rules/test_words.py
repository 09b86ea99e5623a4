"""French words of days, limits, amounts, names."""

from datetime import date
from decimal import Decimal

import pytest

from app.rules.calendar import Hour
from app.rules.words import (
    NBSP,
    cents_words,
    counted,
    day_words,
    french,
    hour_words,
    joined,
    limit_words,
    money_words,
    number_words,
    of,
)

from .invented import paris


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


def test_a_day_never_breaks_and_the_first_of_a_month_is_an_ordinal() -> None:
    assert day_words(date(2024, 8, 25)) == f"dimanche{NBSP}25{NBSP}août{NBSP}2024"
    assert plain(day_words(date(2024, 9, 1))) == "dimanche 1er septembre 2024"


def test_midnight_belongs_to_the_day_that_it_ends() -> None:
    assert plain(limit_words(paris(2024, 8, 26))) == "dimanche 25 août 2024 à 24 h"
    assert plain(limit_words(paris(2024, 8, 26, 0, 1))) == "lundi 26 août 2024 à 0 h 01"


def test_midnight_of_the_clock_change_still_reads_24_h() -> None:
    assert plain(limit_words(paris(2024, 10, 28))) == "dimanche 27 octobre 2024 à 24 h"
    assert plain(limit_words(paris(2025, 3, 31))) == "dimanche 30 mars 2025 à 24 h"


@pytest.mark.parametrize(
    ("minutes", "words"), [(720, "12 h"), (510, "8 h 30"), (1440, "24 h"), (545, "9 h 05")]
)
def test_hours_are_said_as_a_parent_says_them(minutes: int, words: str) -> None:
    assert plain(hour_words(Hour(minutes))) == words


@pytest.mark.parametrize(
    ("euros", "words"),
    [
        ("4.32", "4,32 €"), ("4.3", "4,30 €"), ("1080", "1 080,00 €"), ("0.2875", "0,2875 €"),
        ("-6.8", "−6,80 €"), ("2.0100", "2,01 €"), ("100", "100,00 €"), ("1E+3", "1 000,00 €"),
    ],
)  # fmt: skip
def test_amounts_have_two_decimals_and_more_only_where_the_price_does(euros: str, words: str) -> None:
    assert plain(money_words(Decimal(euros))) == words


def test_numbers_lose_useless_zeros_but_not_their_tens() -> None:
    assert [plain(number_words(Decimal(n))) for n in ("700.00", "699.99", "1080", "0")] == [
        "700",
        "699,99",
        "1 080",
        "0",
    ]
    assert cents_words(1500) == f"15,00{NBSP}€"


def test_of_elides_before_a_vowel_and_not_before_a_consonant() -> None:
    assert [of(name) for name in ("Lila", "Inès", "Éléonore", "Yves", "Yasmine", "avril")] == [
        "de Lila", "d’Inès", "d’Éléonore", "d’Yves", "de Yasmine", "d’avril",
    ]  # fmt: skip


def test_lists_end_with_et_and_plurals_begin_at_two() -> None:
    assert [joined(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a et b",
        "a, b et c",
    ]
    assert [plain(counted(n, "jour", "jours")) for n in (0, 1, 2)] == ["0 jour", "1 jour", "2 jours"]


def test_french_puts_an_unbreakable_space_before_double_punctuation() -> None:
    assert french("« a » : b ?") == f"«{NBSP}a{NBSP}»{NBSP}: b{NBSP}?"

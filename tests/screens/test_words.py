"""French numbers, days and hours as templates write them."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from app.screens import words

NB = "\u00a0"


@pytest.mark.parametrize(
    ("cents", "reads"),
    [
        (432, f"4,32{NB}€"),
        (0, f"0,00{NB}€"),
        (-432, f"−{NB}4,32{NB}€"),
        (108_000, f"1{NB}080,00{NB}€"),
        (None, ""),
    ],
)
def test_cents_read_as_euros_the_french_way(cents: int | None, reads: str) -> None:
    assert words.euros(cents) == reads


def test_a_signed_amount_shows_its_plus_but_nothing_is_neither() -> None:
    assert words.euros(1052, signed=True) == f"+{NB}10,52{NB}€"
    assert words.euros(0, signed=True) == f"0,00{NB}€"


@pytest.mark.parametrize(
    ("amount", "reads"),
    [("4.32", "4,32"), ("2.5", "2,50"), ("0.1234", "0,1234"), ("1.205", "1,205"), ("7", "7,00")],
)
def test_a_unit_price_keeps_up_to_four_decimals(amount: str, reads: str) -> None:
    assert words.price(Decimal(amount)) == f"{reads}{NB}€"


def test_a_long_date_never_breaks_and_tells_its_year_only_when_it_must() -> None:
    day = date(2024, 9, 2)
    assert words.long_date(day) == f"lundi{NB}2{NB}septembre"
    assert words.long_date(day, date(2024, 1, 1)) == f"lundi{NB}2{NB}septembre"
    assert words.long_date(day, date(2025, 1, 1)) == f"lundi{NB}2{NB}septembre{NB}2024"
    assert words.long_date(day, year=True) == f"lundi{NB}2{NB}septembre{NB}2024"
    assert words.long_date(date(2024, 9, 1)) == f"dimanche{NB}1er{NB}septembre"


def test_short_days() -> None:
    assert words.short_date(date(2024, 9, 2)) == "02/09/2024"
    assert words.day_short(date(2024, 9, 2)) == "lun."
    assert words.month(date(2024, 9, 2)) == f"septembre{NB}2024"


@pytest.mark.parametrize(
    ("at", "reads"),
    [
        (time(7, 30), f"7{NB}h{NB}30"),
        (time(21, 4), f"21{NB}h{NB}04"),
        (time(8), f"8{NB}h"),
        (time(0), "minuit"),
    ],
)
def test_hours_read_as_they_are_said(at: time, reads: str) -> None:
    assert words.clock(at) == reads


def test_an_instant_is_told_in_paris_in_summer_and_in_winter() -> None:
    assert words.moment(datetime(2024, 9, 2, 19, 6, tzinfo=UTC)) == f"lundi{NB}2{NB}septembre à 21{NB}h{NB}06"
    assert words.moment(datetime(2024, 12, 2, 19, 6, tzinfo=UTC)) == f"lundi{NB}2{NB}décembre à 20{NB}h{NB}06"
    assert words.short_date(datetime(2024, 9, 2, 22, 30, tzinfo=UTC)) == "03/09/2024"


def test_a_limit_at_midnight_names_the_day_that_ends() -> None:
    assert words.until(datetime(2024, 8, 25, 22, 0, tzinfo=UTC)) == f"dimanche{NB}25{NB}août, minuit"
    assert words.until(datetime(2024, 8, 25, 21, 59, tzinfo=UTC)) == f"dimanche{NB}25{NB}août, 23{NB}h{NB}59"


def test_counted_things_agree() -> None:
    assert words.count(0, "document") == "aucun document"
    assert words.count(0, "facture", feminine=True) == "aucune facture"
    assert words.count(1, "document", "documents") == "1 document"
    assert words.count(3, "travail", "travaux") == "3 travaux"
    assert words.count(1080, "enfant") == f"1{NB}080 enfants"


@pytest.mark.parametrize(
    ("size", "reads"),
    [
        (1, "1 octet"),
        (640, "640 octets"),
        (999_499, "999 Ko"),
        (999_500, "1 Mo"),
        (1_240_000, "1,2 Mo"),
        (3_000_000_000, "3 Go"),
    ],
)
def test_file_sizes(size: int, reads: str) -> None:
    assert words.filesize(size) == reads.replace(" ", NB)


def test_initials_and_phone_links() -> None:
    assert [words.initials(name) for name in ("Inès Marchadier", "Lila", "", None)] == ["IM", "Li", "", ""]
    assert words.initials("Marie-Éléonore Oualid-Marchadier") == "MO"
    assert words.tel("04 65 71 01 12") == "tel:+33465710112"
    assert words.tel("15") == "tel:15"

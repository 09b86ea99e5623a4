"""Rounding and grids: a grid covers every quotient once."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.money import Bracket, Grid, round_half_up
from app.rules.words import NBSP


def grid(*rows: tuple[str | None, str | None, str], without_qf: str | None = None) -> Grid:
    def number(text: str | None) -> Decimal | None:
        return None if text is None else Decimal(text)

    brackets = tuple(Bracket(number(low), number(high), Decimal(price)) for low, high, price in rows)
    return Grid(brackets, number(without_qf))


RONCQ = grid(
    (None, "400", "0.50"), ("400", "640", "1.75"), ("640", "860", "2.35"), ("860", "1150", "3.05"),
    ("1150", "1500", "3.55"), ("1500", "1700", "4.05"), ("1700", "1900", "4.60"), ("1900", None, "4.90"),
)  # fmt: skip


def euros(qf: str | None, of: Grid = RONCQ) -> Decimal | None:
    price = of.price(None if qf is None else Decimal(qf))
    return None if price is None else price.euros


def told(qf: str | None, of: Grid) -> str:
    price = of.price(None if qf is None else Decimal(qf))
    assert price is not None
    return price.explanation.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        ("1.525", 153), ("1.575", 158), ("1.548", 155), ("5.2615", 526), ("4.485", 449), ("1.5249", 152),
        ("-1.525", -153), ("0.005", 1), ("0", 0), ("4", 400),
    ],
)  # fmt: skip
def test_rounding_is_half_up_as_published_grids_are(amount: str, cents: int) -> None:
    assert round_half_up(Decimal(amount)) == cents


@pytest.mark.parametrize(
    ("qf", "price"),
    [
        ("0", "0.50"),
        ("399.99", "0.50"),
        ("400", "1.75"),
        ("1899.99", "4.60"),
        ("1900", "4.90"),
        ("9999", "4.90"),
    ],
)
def test_a_bracket_holds_its_lower_bound_and_not_its_upper(qf: str, price: str) -> None:
    assert euros(qf) == Decimal(price)


def test_no_quotient_pays_the_highest_price_or_the_one_declared() -> None:
    assert euros(None) == Decimal("4.90")
    declared = grid((None, None, "3"), without_qf="5.10")
    assert euros(None, declared) == Decimal("5.10")
    assert told(None, RONCQ) == "quotient non fourni, prix le plus haut : 4,90 €"
    assert told(None, declared) == "quotient non fourni : 5,10 €"


def test_a_price_explains_itself() -> None:
    seen = grid((None, "600", "1"), ("600", "800", "2.01"), ("800", None, "2.8755"))
    assert told("700", seen) == "quotient 700, tranche 600 à 800 : 2,01 €"
    assert told("1080", seen) == "quotient 1 080, tranche à partir de 800 : 2,8755 €"
    assert told("12", grid((None, None, "2.80"))) == "tarif unique : 2,80 €"


@pytest.mark.parametrize(
    ("rows", "kinds", "words"),
    [
        (
            [("0", "700", "1"), ("750", None, "2")],
            ["hole"],
            "Entre les quotients 700 et 750, il n’y a pas de prix.",
        ),
        ([("100", None, "1")], ["hole"], "Entre les quotients 0 et 100, il n’y a pas de prix."),
        ([(None, "1900", "1")], ["hole"], "À partir du quotient 1 900, il n’y a pas de prix."),
        ([], ["hole"], "À partir du quotient 0, il n’y a pas de prix."),
        (
            [(None, "500", "1"), ("400", None, "2")],
            ["overlap"],
            "Entre les quotients 400 et 500, il y a deux prix.",
        ),
        ([(None, None, "1"), ("400", None, "2")], ["overlap"], "À partir du quotient 400, il y a deux prix."),
        (
            [(None, "1000", "1"), ("400", "500", "2"), ("1000", None, "3")],
            ["overlap"],
            "Entre les quotients 400 et 500, il y a deux prix.",
        ),
        ([(None, "400", "1"), ("400", "400", "3"), ("400", None, "2")], ["empty"], None),
        ([(None, None, "-1")], ["negative"], None),
    ],
)
def test_a_hole_or_an_overlap_is_named(
    rows: list[tuple[str | None, str | None, str]], kinds: list[str], words: str | None
) -> None:
    found = grid(*rows).problems()
    assert [one.kind for one in found] == kinds
    assert words is None or found[0].message.replace(NBSP, " ") == words


def test_the_published_grid_of_fraize_has_its_holes_named() -> None:
    fraize = grid(("0", "355", "0.28"), ("356", "600", "0.30"), ("601", "710", "0.31"), ("711", None, "0.32"))
    holes = [(str(one.from_qf), str(one.to_qf)) for one in fraize.problems()]
    assert holes == [("355", "356"), ("600", "601"), ("710", "711")]
    assert euros("355", fraize) is None
    assert euros("356", fraize) == Decimal("0.30")


bounds = st.integers(1, 3000).map(Decimal)


@given(st.sets(bounds, max_size=8), st.randoms(use_true_random=False), st.integers(0, 400_000))
def test_a_grid_without_problems_covers_every_quotient_once(
    cuts: set[Decimal], random: object, qf: int
) -> None:
    edges: list[Decimal | None] = [None, *sorted(cuts), None]
    rows = [Bracket(low, high, Decimal(n)) for n, (low, high) in enumerate(pairwise(edges))]
    random.shuffle(rows)  # type: ignore[attr-defined]
    made = Grid(tuple(rows))
    quotient = Decimal(qf) / 100
    assert made.problems() == ()
    assert sum(quotient in row for row in rows) == 1
    price = made.price(quotient)
    assert price is not None
    assert price.euros == sum(cut <= quotient for cut in cuts)


rows = st.tuples(st.none() | bounds, st.none() | bounds)


@given(st.lists(rows, max_size=5), st.integers(0, 3500))
def test_problems_are_found_exactly_where_a_quotient_has_no_price_or_two(
    drawn: list[tuple[Decimal | None, Decimal | None]], qf: int
) -> None:
    made = Grid(tuple(Bracket(low, high, Decimal(1)) for low, high in drawn))
    held = [
        one.kind for one in made.problems()
        if one.kind in ("hole", "overlap") and one.from_qf <= qf and (one.to_qf is None or qf < one.to_qf)
    ]  # fmt: skip
    prices = sum(Decimal(qf) in bracket for bracket in made.brackets)
    assert ("hole" in held) == (prices == 0)
    assert ("overlap" in held) == (prices > 1)
    assert (made.price(Decimal(qf)) is None) == (prices == 0)

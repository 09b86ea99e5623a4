"""The versions of a rule follow one another: whatever is published, no day has two of them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.booking import FOR_EVER
from app.services.rule_versions import Overlapping, Version, changes_the_past, succeed

SEPTEMBER, DECEMBER, MARCH = date(2026, 9, 1), date(2026, 12, 14), date(2027, 3, 1)
PAST = Version("delai-avant-2026-12-14", FOR_EVER, DECEMBER)
CURRENT = Version("delai", DECEMBER, None)


def test_published_from_later_the_older_one_stays_until_the_eve() -> None:
    told = succeed([PAST, CURRENT], "delai", MARCH, None)
    assert (told.cut, told.gone, told.until_on) == ({"delai": MARCH}, frozenset(), None)


def test_brought_forward_the_older_one_ends_sooner() -> None:
    told = succeed([PAST, CURRENT], "delai", SEPTEMBER, None)
    assert (told.cut, told.gone) == ({PAST.code: SEPTEMBER}, frozenset())


@pytest.mark.parametrize("from_on", [None, FOR_EVER, date(1950, 1, 1)])
def test_what_is_covered_whole_goes(from_on: date | None) -> None:
    told = succeed([PAST, CURRENT], "delai", from_on, None)
    assert not told.cut and told.gone == {PAST.code}


def test_corrected_from_its_own_day_nothing_else_moves() -> None:
    told = succeed([PAST, CURRENT], "delai", DECEMBER, MARCH)
    assert (told.cut, told.gone, told.until_on) == ({}, frozenset(), MARCH)


def test_a_past_version_that_is_corrected_ends_where_the_next_one_begins() -> None:
    assert succeed([PAST, CURRENT], PAST.code, None, None).until_on == DECEMBER
    assert succeed([PAST, CURRENT], PAST.code, None, SEPTEMBER).until_on == SEPTEMBER
    with pytest.raises(Overlapping, match=r"14\sdécembre\s2026"):
        succeed([PAST, CURRENT], PAST.code, DECEMBER, None)


DAYS = st.integers(0, 40).map(lambda rank: date(2026, 1, 1) + timedelta(days=rank))


@given(st.lists(st.tuples(DAYS, st.none() | DAYS), min_size=1, max_size=12))
def test_no_day_ever_has_two_versions(published: list[tuple[date, date | None]]) -> None:
    versions: dict[str, Version] = {}
    for rank, (from_on, until_on) in enumerate(published):
        if until_on is not None and until_on <= from_on:
            continue
        told = succeed(versions.values(), "delai", from_on, until_on)
        kept = {
            (f"avant-{rank}" if code == "delai" else code): Version(
                f"avant-{rank}" if code == "delai" else code, one.from_on, told.cut.get(code, one.until_on)
            )
            for code, one in versions.items()
            if code not in told.gone and (code != "delai" or code in told.cut)
        }
        versions = {**kept, "delai": Version("delai", from_on, told.until_on)}
        for rank_of_day in range(60):
            on = date(2026, 1, 1) + timedelta(days=rank_of_day)
            holding = [
                one.code
                for one in versions.values()
                if one.from_on <= on and (one.until_on is None or on < one.until_on)
            ]
            assert len(holding) <= 1
            if from_on <= on and (until_on is None or on < until_on):
                assert holding == ["delai"]


@pytest.mark.parametrize(
    ("versions", "from_on", "expected"),
    [
        ([CURRENT, PAST], MARCH, False),
        ([CURRENT, PAST], DECEMBER, False),  # today
        ([CURRENT, PAST], DECEMBER - timedelta(days=1), True),
        ([CURRENT, PAST], None, True),
        ([Version("delai", MARCH, None)], None, False),  # none has been in force yet
        ([Version("delai", DECEMBER, None)], None, True),
        ([], None, False),
        ([], SEPTEMBER, True),
    ],
)
def test_what_changes_days_that_are_past(
    versions: list[Version], from_on: date | None, expected: bool
) -> None:
    assert changes_the_past(versions, from_on, DECEMBER) is expected

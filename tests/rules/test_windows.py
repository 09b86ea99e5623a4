"""When bookings open and close, and for whom first."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from app.rules.booking import DatedRule, bookable_from, bookable_until, describe_dated, judge, looks_around
from app.rules.calendar import Hour, Weekday
from app.rules.facts import Child, Slot
from app.rules.kinds.counting import Count
from app.rules.kinds.limits import IfClosed
from app.rules.kinds.windows import OpensBefore, Window, WindowMonthly
from app.rules.registry import Rule, build, describe
from app.rules.values import Misread
from app.rules.verdict import Severity
from app.rules.who import Who, read
from app.rules.words import NBSP

from .invented import CALENDAR, CANTINE, LILA, MATIN, REPAS, of_child, paris, plan

ALWAYS = date(2020, 1, 1)
SEVEN, NOON = Hour(420), Hour(720)
SQUARE = Slot(MATIN, date(2024, 9, 11))
HERE = Child(
    1,
    "Lila",
    date(2018, 3, 4),
    residence="resident",
    level="ce1",
    groups=frozenset({"grands"}),
    school="bourg",
)
AWAY = Child(2, "Sacha", date(2018, 3, 4), residence="outside", traits=frozenset({"attestation-travail"}))


def asks(rules: list[DatedRule], now: datetime, child: Child = LILA, *squares: Slot) -> bool:
    return judge(plan(of_child(child, add=squares or [SQUARE]), now=now), rules).accepted


@pytest.mark.parametrize(
    ("now", "accepted"),
    [
        (paris(2024, 8, 21, 6, 59), False),
        (paris(2024, 8, 21, 7), True),
        (paris(2024, 8, 30, 11, 59), True),
        (paris(2024, 8, 30, 12), False),
    ],
)
def test_it_opens_at_its_minute_and_closes_at_its_minute(now: datetime, accepted: bool) -> None:
    rules = [DatedRule(Window(date(2024, 8, 21), SEVEN, date(2024, 8, 30), NOON), ALWAYS)]
    assert asks(rules, now) is accepted
    assert bookable_from(SQUARE, rules, CALENDAR) == paris(2024, 8, 21, 7)
    assert bookable_until(SQUARE, rules, CALENDAR) == paris(2024, 8, 30, 12)


def test_a_closing_on_a_public_holiday_moves_only_when_told() -> None:
    square = Slot(MATIN, date(2024, 11, 20))

    def until(rule: Window) -> datetime | None:
        return bookable_until(square, [DatedRule(rule, ALWAYS)], CALENDAR)

    closes = Window(closes_on=date(2024, 11, 11), closes_at=NOON)
    assert until(closes) == paris(2024, 11, 11, 12)
    assert until(replace(closes, if_closed="earlier")) == paris(2024, 11, 8, 12)
    assert until(replace(closes, if_closed="later")) == paris(2024, 11, 12, 12)


def test_too_soon_says_from_when_and_is_no_limit_passed() -> None:
    rules = [DatedRule(Window(date(2024, 8, 21), SEVEN), ALWAYS, article="article 3")]
    (refusal,) = judge(plan(of_child(add=[SQUARE]), now=paris(2024, 8, 20)), rules).refusals
    assert refusal.sentence.replace(NBSP, " ") == (
        "Le matin des Grappaloups du mercredi 11 septembre 2024 : trop tôt, "
        "réservable à partir du mercredi 21 août 2024 à 7 h."
    )
    assert refusal.until is None and refusal.article == "article 3"
    assert refusal.remedy is not None and refusal.remedy.drop == {SQUARE}


def test_the_squares_of_a_window_are_those_of_its_days() -> None:
    """A window a holiday: the days that it governs are its row's."""
    autumn = DatedRule(Window(date(2024, 10, 1)), date(2024, 10, 19), date(2024, 11, 4))
    assert asks([autumn], paris(2024, 8, 1))
    assert not asks([autumn], paris(2024, 8, 1), LILA, Slot(MATIN, date(2024, 10, 23)))


def test_residents_first_is_two_rows_of_one_window() -> None:
    rules = [
        DatedRule(Window(date(2024, 8, 21), SEVEN), ALWAYS, who=Who(residence=frozenset({"resident"}))),
        DatedRule(Window(date(2024, 8, 28), SEVEN), ALWAYS, unless=Who(residence=frozenset({"resident"}))),
    ]
    between = paris(2024, 8, 25)
    assert asks(rules, between, HERE) and not asks(rules, between, AWAY)
    assert asks(rules, paris(2024, 8, 28, 7), AWAY)
    assert not asks(rules, paris(2024, 8, 21, 6, 59), HERE)


def test_parents_at_work_are_told_by_a_document_in_force() -> None:
    rules = [
        DatedRule(Window(date(2024, 8, 28)), ALWAYS, unless=Who(traits=frozenset({"attestation-travail"})))
    ]
    assert asks(rules, paris(2024, 8, 1), AWAY) and not asks(rules, paris(2024, 8, 1), HERE)


def test_full_weeks_first_then_days_in_a_row_then_everybody() -> None:
    """Saturday morning for whole weeks; in the afternoon for two days in a row; on Monday for the rest."""
    week = [Slot(MATIN, date(2024, 9, 9) + timedelta(days=rank)) for rank in range(7)]
    rules = [
        DatedRule(Window(date(2024, 8, 24), Hour(540)), ALWAYS),
        DatedRule(Window(date(2024, 8, 24), Hour(840), sooner_for="full_week"), ALWAYS),
        DatedRule(Window(date(2024, 8, 26), sooner_for="run"), ALWAYS),
    ]
    morning, afternoon, monday = paris(2024, 8, 24, 10), paris(2024, 8, 24, 15), paris(2024, 8, 26)
    assert asks(rules, morning, LILA, *week)
    assert not asks(rules, morning, LILA, *week[:3])
    assert asks(rules, afternoon, LILA, *week[:2])
    assert not asks(rules, afternoon, LILA, week[0], week[2])
    assert asks(rules, monday, LILA, week[0])
    assert not asks(rules, paris(2024, 8, 24, 8, 59), LILA, *week)
    assert bookable_from(week[0], rules, CALENDAR) == paris(2024, 8, 24, 9)


FULL_WEEKS = [DatedRule(Window(date(2024, 8, 24), sooner_for="full_week"), ALWAYS)]
IN_A_ROW = [DatedRule(Window(date(2024, 8, 24), sooner_for="run"), ALWAYS)]
WEEK = [Slot(MATIN, date(2024, 9, 9) + timedelta(days=rank)) for rank in range(7)]


def gives_up(rules: list[DatedRule], now: datetime, before: list[Slot], drop: list[Slot]) -> bool:
    return judge(plan(of_child(drop=drop, before=before), now=now), rules).accepted


def test_what_went_first_is_not_given_up_in_part_before_the_opening() -> None:
    """A whole week asked early and cancelled to one day would be that day before everybody."""
    early, opened = paris(2024, 8, 20), paris(2024, 8, 24)
    assert not gives_up(FULL_WEEKS, early, WEEK, WEEK[1:])
    assert gives_up(FULL_WEEKS, early, WEEK, WEEK)
    assert gives_up(FULL_WEEKS, opened, WEEK, WEEK[1:])
    assert gives_up(FULL_WEEKS, early, WEEK[:3], WEEK[:1])  # no whole week: it did not go first
    assert not gives_up(IN_A_ROW, early, WEEK[:2], WEEK[:1])
    assert gives_up(IN_A_ROW, early, WEEK[:3], WEEK[:1])
    asked = plan(of_child(drop=WEEK[1:], before=WEEK), now=early)
    (refusal,) = judge(asked, FULL_WEEKS).refusals
    assert refusal.sentence.replace(NBSP, " ") == (
        "Les Grappaloups : avant le samedi 24 août 2024, la semaine du lundi 9 septembre 2024 ne se réserve "
        "qu’entière. Annulez-la entière, ou attendez ce jour."
    )
    assert refusal.remedy is not None and refusal.remedy.add == set(WEEK[1:])


def test_days_in_a_row_go_over_the_end_of_a_week_and_closed_days() -> None:
    """Friday and Monday follow each other, as they do for « jours de suite »."""
    school_week = frozenset(slot for slot in CALENDAR.openings if slot.on.weekday() < 5)
    strike = {"grappaloups": {date(2024, 9, 17): "grève"}}
    calendar = replace(CALENDAR, openings=school_week, closures=strike)
    friday, monday, wednesday = (Slot(MATIN, date(2024, 9, day)) for day in (13, 16, 18))
    for days, accepted in (
        ((friday, monday), True),
        ((monday, wednesday), True),
        ((friday, wednesday), False),
    ):
        asked = plan(of_child(add=days), now=paris(2024, 8, 20), calendar=calendar)
        assert judge(asked, IN_A_ROW).accepted is accepted
    assert looks_around(IN_A_ROW[0]) and not looks_around(FULL_WEEKS[0])


@pytest.mark.parametrize(
    ("now", "accepted"), [(paris(2024, 8, 12, 6, 59), False), (paris(2024, 8, 12, 7), True)]
)
def test_so_many_days_ahead(now: datetime, accepted: bool) -> None:
    assert asks([DatedRule(OpensBefore(30, SEVEN), ALWAYS)], now) is accepted


def test_a_late_cancellation_of_a_window_has_its_own_date() -> None:
    rules = [DatedRule(Window(closes_on=date(2024, 9, 5), gate="cancelling"), ALWAYS)]
    gone = of_child(drop=[SQUARE], before=[SQUARE])
    assert judge(plan(gone, now=paris(2024, 9, 5, 23, 59)), rules).accepted
    assert not judge(plan(gone, now=paris(2024, 9, 6)), rules).accepted
    assert asks(rules, paris(2024, 9, 6))


@pytest.mark.parametrize(
    ("if_closed", "until"),
    [("keep", paris(2024, 11, 12)), ("earlier", paris(2024, 11, 9)), ("later", paris(2024, 11, 13))],
)
def test_a_closing_on_a_public_holiday_moves_as_the_rule_says(if_closed: IfClosed, until: datetime) -> None:
    """11 November 2024 is a Monday; the window closes at the end of the day."""
    rule = Window(closes_on=date(2024, 11, 11), if_closed=if_closed, gate="booking")
    assert rule.limit(Slot(REPAS, date(2024, 11, 20)), "booking", CALENDAR) == until


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            Window(date(2024, 8, 21), SEVEN, date(2024, 8, 30)),
            (
                "Réservable et annulable à partir du mercredi 21 août 2024 à 7 h, "
                "jusqu’au vendredi 30 août 2024 à 24 h."
            ),
        ),
        (
            Window(date(2024, 8, 24), sooner_for="full_week", gate="booking"),
            "Réservable à partir du samedi 24 août 2024, plus tôt pour les semaines entières.",
        ),
        (
            Window(closes_on=date(2024, 12, 6), gate="booking", late="surcharge"),
            "Réservable jusqu’au vendredi 6 décembre 2024 à 24 h ; ensuite, avec une majoration.",
        ),
        (
            WindowMonthly("last", again=Weekday.FRIDAY, gate="booking"),
            (
                "Réservable la dernière semaine complète du mois d’avant, du lundi au vendredi à 24 h, "
                "puis le vendredi de la semaine d’avant."
            ),
        ),
        (
            Window(closes_on=date(2024, 11, 11), gate="booking", if_closed="earlier", late="ask_staff"),
            (
                "Réservable jusqu’au lundi 11 novembre 2024 à 24 h ; si ce jour est férié ou fermé, le jour "
                "ouvré d’avant ; ensuite, le service décide."
            ),
        ),
        (OpensBefore(30), "Réservable au plus tôt 30 jours avant."),
        (OpensBefore(1, SEVEN), "Réservable au plus tôt 1 jour avant, à 7 h."),
        (OpensBefore(0, SEVEN), "Réservable à partir du jour même, à 7 h."),
        (
            OpensBefore(42, before="period"),
            "Réservable au plus tôt 42 jours avant le début de la période.",
        ),
        (OpensBefore(0, before="month"), "Réservable à partir du 1er du mois."),
    ],
)
def test_sentences_read_as_a_parent_would_read_them(rule: Rule, words: str) -> None:
    assert describe(rule).replace(NBSP, " ") == words


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({}, "jour d’ouverture"),
        ({"opens_on": "2024-09-02", "closes_on": "2024-09-01"}, "échangez-les"),
        ({"opens_on": "2024-09-02", "gate": "cancelling"}, "changez « gate »"),
        ({"opens_on": "2024-09-02", "again": "lundi"}, "donnez « closes_on »"),
        ({"closes_on": "2024-09-02", "again": "lundi", "times": 2}, "« times » ou « again »"),
    ],
)
def test_a_window_that_contradicts_itself_is_told(values: dict[str, object], word: str) -> None:
    built = build("window", values)
    assert built.rule is None and word in built.errors[0].message.replace(NBSP, " ")


# --- A week each month, and a day on which it opens again -------------------------------------------

MONTHLY_RULE = WindowMonthly("last", again=Weekday.FRIDAY, gate="booking")
MONTHLY = [DatedRule(MONTHLY_RULE, ALWAYS)]
OCTOBER = Slot(MATIN, date(2024, 10, 16))


@pytest.mark.parametrize(
    ("now", "accepted"),
    [
        (paris(2024, 9, 22, 23, 59), False),  # September's last full week begins on the 23rd
        (paris(2024, 9, 23), True),
        (paris(2024, 9, 27, 23, 59), True),
        (paris(2024, 9, 28), False),
        (paris(2024, 10, 10, 23, 59), False),
        (paris(2024, 10, 11), True),  # the Friday of the week before
        (paris(2024, 10, 11, 23, 59), True),
        (paris(2024, 10, 12), False),
    ],
)
def test_the_last_full_week_of_a_month_for_the_next_and_fridays_for_what_is_urgent(
    now: datetime, accepted: bool
) -> None:
    assert asks(MONTHLY, now, LILA, OCTOBER) is accepted
    assert bookable_from(OCTOBER, MONTHLY, CALENDAR) == paris(2024, 9, 23)
    assert bookable_until(OCTOBER, MONTHLY, CALENDAR) == paris(2024, 10, 12)


def test_between_the_two_it_says_when_it_opens_again() -> None:
    (refusal,) = judge(plan(of_child(add=[OCTOBER]), now=paris(2024, 10, 1)), MONTHLY).refusals
    assert refusal.sentence.replace(NBSP, " ") == (
        "Le matin des Grappaloups du mercredi 16 octobre 2024 : c’était réservable jusqu’au vendredi 27 "
        "septembre 2024 à 24 h, et le sera de nouveau le vendredi 11 octobre 2024."
    )
    assert refusal.until is None and refusal.remedy is not None


def test_what_is_dearer_between_the_two_says_so() -> None:
    rules = [DatedRule(replace(MONTHLY_RULE, late="surcharge"), ALWAYS)]
    (refusal,) = judge(plan(of_child(add=[OCTOBER]), now=paris(2024, 10, 1)), rules).refusals
    assert (refusal.severity, refusal.effect) == (Severity.WARNING, "surcharge")
    assert refusal.sentence.replace(NBSP, " ").endswith("D’ici là, c’est majoré.")


def test_a_window_that_closes_after_the_day_on_which_it_would_open_again_stays_open_until_then() -> None:
    rules = [DatedRule(Window(closes_on=date(2024, 9, 8), again=Weekday.FRIDAY), ALWAYS)]
    assert bookable_until(SQUARE, rules, CALENDAR) == paris(2024, 9, 9)
    assert asks(rules, paris(2024, 9, 8, 23, 59)) and not asks(rules, paris(2024, 9, 9))


def test_dates_may_open_again_too_and_what_is_cancelled_does_not() -> None:
    rule = Window(date(2024, 8, 1), closes_on=date(2024, 8, 31), again=Weekday.MONDAY)
    rules = [DatedRule(rule, ALWAYS)]
    assert asks(rules, paris(2024, 8, 31)) and asks(rules, paris(2024, 9, 2, 23))
    assert not asks(rules, paris(2024, 9, 1)) and not asks(rules, paris(2024, 9, 3))
    gone = of_child(drop=[SQUARE], before=[SQUARE])
    assert not judge(plan(gone, now=paris(2024, 9, 2, 12)), rules).accepted


# --- Who -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "here", "away"),
    [
        (Who(residence=frozenset({"resident", "works_here"})), True, False),
        (Who(levels=frozenset({"ce1"})), True, False),
        (Who(groups=frozenset({"grands", "petits"})), True, False),
        (Who(schools=frozenset({"bourg", "lac"})), True, False),
        (Who(traits=frozenset({"attestation-travail"})), False, True),
        (Who(residence=frozenset({"outside"}), levels=frozenset({"ce1"})), False, False),
    ],
)
def test_any_word_of_each_criterion_and_every_criterion(who: Who, here: bool, away: bool) -> None:
    assert (who.matches(HERE), who.matches(AWAY)) == (here, away)
    assert read(who.dump()) == who


def test_what_is_not_known_of_a_child_matches_nothing() -> None:
    unknown = Child(3, "Noé", date(2018, 1, 1))
    assert not Who(residence=frozenset({"resident"})).matches(unknown)
    assert not Who(levels=frozenset({"cp"})).matches(unknown)
    assert not Who(schools=frozenset({"bourg"})).matches(unknown)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({}, "au moins un critère"),
        ("resident", "au moins un critère"),
        ({"residance": ["resident"]}, "« residence »"),
        ({"residence": ["habitant"]}, "choix possibles"),
        ({"levels": []}, "la liste est vide"),
    ],
)
def test_a_criterion_written_wrong_is_told_with_its_remedy(values: object, word: str) -> None:
    with pytest.raises(Misread, match=word):
        read(values)


def test_a_school_is_named_apart_from_a_centre_of_the_same_code() -> None:
    told = Who(schools=frozenset({"bourg"})).words({"bourg": "le centre", "school:bourg": "« Le Bourg »"})
    assert told == "les enfants scolarisés à « Le Bourg »"


def test_whom_a_rule_is_for_in_words() -> None:
    who = Who(frozenset({"resident", "works_here"}), frozenset({"cp", "ce1"}))
    told = who.words({"cp": "CP", "ce1": "CE1"})
    assert (
        told
        == "les enfants qui habitent la commune ou dont un parent travaille dans la commune, en CP ou CE1"
    )


def test_a_rule_for_some_says_nothing_of_the_others() -> None:
    rule = DatedRule(Count(maximum=1), ALWAYS, who=Who(residence=frozenset({"outside"})))
    two = [Slot(CANTINE, date(2024, 9, 10)), Slot(CANTINE, date(2024, 9, 12))]
    both = plan(of_child(HERE, add=two), of_child(AWAY, add=two))
    assert {one.child_id for one in judge(both, [rule]).refusals} == {AWAY.id}


def test_a_printed_rule_says_whom_it_is_for_and_whom_it_spares() -> None:
    rule = DatedRule(
        Window(date(2024, 8, 21), SEVEN, gate="booking"),
        ALWAYS,
        article="article 3",
        who=Who(residence=frozenset({"outside"})),
        unless=Who(traits=frozenset({"derogation"})),
    )
    told = describe_dated(rule, {"derogation": "une dérogation"}).replace(NBSP, " ")
    assert told == (
        "Réservable à partir du mercredi 21 août 2024 à 7 h. Pour les enfants qui n’habitent pas la commune. "
        "Sauf pour les enfants avec une dérogation. Article 3. "
        "Pour les jours à partir du mercredi 1er janvier 2020."
    )

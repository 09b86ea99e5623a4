"""Kinds derive their parameters, their YAML and their sentence from one declaration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import kinds as _kinds  # noqa: F401  registers them
from app.rules.calendar import END_OF_DAY, Hour, Weekday
from app.rules.facts import Covers, Plan
from app.rules.kinds.admission import Age, CustodyWeeks
from app.rules.kinds.limits import IF_CLOSED
from app.rules.kinds.notice import COUNTED, NoticeDays, NoticeHours, NoticeMonthly, NoticePeriod, NoticeWeekly
from app.rules.kinds.order import Priority, RegistrationWindow
from app.rules.kinds.places import Capacity, Minimum, StaffRatio
from app.rules.kinds.together import Combinations, Excludes, Requires
from app.rules.registry import (
    BadKind,
    Built,
    Rule,
    build,
    describe,
    dump,
    kind,
    kind_of,
    kinds,
    out_of_its_reach,
    param,
    parameters,
)
from app.rules.verdict import Refusal
from app.rules.words import NBSP

from .invented import CANTINE, MATIN, NAMES, REPAS, SOIR, UNITS


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


def built_from(code: str, values: dict[Any, object]) -> dict[str, str]:
    return messages(build(code, values))


def messages(built: Built) -> dict[str, str]:
    assert built.rule is None
    return {one.name: plain(one.message) for one in built.errors}


units = st.sampled_from(UNITS)
hours = st.builds(Hour, st.integers(0, 1440))
gates = st.sampled_from(["booking", "cancelling", "both"])
shared = {
    "gate": gates,
    "if_closed": st.sampled_from(list(IF_CLOSED)),
    "late": st.sampled_from(["refused", "ask_staff"]),
    "times": st.none() | st.integers(1, 366),
    "per": st.sampled_from(["week", "month", "period", "school_year"]),
}
counted = st.sampled_from(list(COUNTED))
ages = st.none() | st.integers(0, 1200)
rules: st.SearchStrategy[Rule] = st.one_of(
    st.builds(Requires, units, st.frozensets(units, min_size=1)).filter(
        lambda one: one.unit not in one.needs
    ),
    st.builds(Excludes, units, st.frozensets(units, min_size=1)).filter(
        lambda one: one.unit not in one.others
    ),
    st.builds(Combinations, st.frozensets(st.frozensets(units, min_size=1), min_size=1)),
    st.builds(NoticeDays, st.integers(0, 366), hours, counted, **shared),
    st.builds(NoticeWeekly, st.sampled_from(Weekday), hours, st.integers(0, 52), **shared),
    st.builds(
        NoticeHours,
        st.integers(1, 24 * 366),
        hours,
        st.sampled_from(["calendar", "working", "workable"]),
        **shared,
    ),
    st.builds(NoticeMonthly, st.integers(1, 31), hours, st.integers(0, 12), **shared),
    st.builds(NoticePeriod, st.integers(0, 366), hours, counted, **shared),
    st.builds(Age, ages, ages, st.sampled_from(["years", "months"])).filter(
        lambda one: not [*one.problems()]
    ),
    st.builds(Capacity, st.none() | st.integers(0, 1000), st.sampled_from(["waiting", "refused"])),
    st.builds(StaffRatio, st.integers(1, 9), st.integers(1, 20), st.integers(1, 20)),
    st.builds(Minimum, st.integers(2, 50), st.integers(0, 9)),
    st.builds(CustodyWeeks, st.sampled_from(["refused", "ask_staff"])),
    st.builds(Priority, st.integers(1, 99)),
    st.builds(
        RegistrationWindow,
        st.dates(date(1900, 1, 1), date(2150, 12, 31)),
        starts=st.sampled_from(["at_once", "next_month"]),
    ),
)


@given(rules)
def test_what_is_dumped_builds_the_same_rule(rule: Rule) -> None:
    assert build(kind_of(rule).code, dump(rule)) == Built(rule)


@given(rules)
def test_what_is_dumped_is_plain(rule: Rule) -> None:
    def is_plain(value: object) -> bool:
        if isinstance(value, list):
            return all(map(is_plain, value))
        return type(value) in (str, int, bool, type(None))

    assert all(map(is_plain, dump(rule).values()))


@given(rules)
def test_every_rule_says_a_sentence_with_no_english_and_no_hole(rule: Rule) -> None:
    said = describe(rule, NAMES)
    assert said[0].isupper()
    assert said.endswith(".")
    assert not {"{", "}", "None", "booking", "waiting"} & set(said.replace(".", " ").split())


def test_every_kind_has_a_promise_and_labels() -> None:
    assert list(kinds()) == sorted(kinds())
    for one in kinds().values():
        assert one.promise.split()[0] in {"Refuse", "Send", "Warn", "Rank"}
        assert all(parameter.label for parameter in one.parameters)


def test_sentences_read_as_a_parent_would_read_them() -> None:
    said: dict[Rule, str] = {
        Requires(
            MATIN, frozenset({REPAS})
        ): "Le matin des Grappaloups se réserve avec le repas des Grappaloups.",
        NoticeDays(1): "Réservable et annulable jusqu’à la veille, 24 h.",
        NoticeDays(0, Hour(540), gate="cancelling"): "Annulable jusqu’au jour même, 9 h.",
        NoticeDays(2, Hour(720), "working", gate="booking"): "Réservable jusqu’à 2 jours ouvrés avant, 12 h.",
        NoticeWeekly(Weekday.SUNDAY, weeks_before=2, gate="booking"): "Réservable jusqu’au dimanche, 24 h, "
        "en laissant 1 semaine pleine avant la semaine réservée.",
        NoticeWeekly(Weekday.THURSDAY, Hour(720), gate="cancelling"): "Annulable jusqu’au jeudi "
        "de la semaine d’avant, 12 h.",
        Requires(REPAS, frozenset({MATIN, SOIR}), "one"): "Le repas des Grappaloups se réserve "
        "avec l’une de ces unités : le matin des Grappaloups et le soir des Grappaloups.",
        Combinations(
            frozenset({frozenset({MATIN, REPAS}), frozenset({SOIR})})
        ): "Un même jour se réservent : "
        "le matin des Grappaloups et le repas des Grappaloups ; ou le soir des Grappaloups.",
        NoticeDays(1, counted="school"): "Réservable et annulable jusqu’au jour d’école d’avant, 24 h.",
        NoticeDays(2, counted="workable"): "Réservable et annulable jusqu’à 2 jours ouvrables avant, 24 h.",
        NoticeDays(1, counted="months"): "Réservable et annulable jusqu’à 1 mois avant, 24 h.",
        NoticePeriod(2, counted="months"): "Réservable et annulable jusqu’à 2 mois avant "
        "le début de la période, 24 h.",
        NoticeDays(15, counted="clear"): "Réservable et annulable jusqu’à 15 jours francs avant, 24 h.",
        NoticeDays(1, late="surcharge"): "Réservable et annulable jusqu’à la veille, 24 h ; ensuite, "
        "avec une majoration.",
        NoticeDays(2, times=3, per="period"): "Réservable et annulable jusqu’à 2 jours avant, 24 h ; "
        "3 retards tolérés par période.",
        NoticeHours(72): "Réservable et annulable jusqu’à 72 heures avant le début du jour réservé.",
        NoticeHours(48, Hour(510), "working"): "Réservable et annulable jusqu’à 48 heures "
        "des jours ouvrés avant 8 h 30 le jour réservé.",
        NoticeMonthly(20, Hour(720)): "Réservable et annulable jusqu’au 20 du mois d’avant, 12 h.",
        NoticeMonthly(
            31, months_before=0
        ): "Réservable et annulable jusqu’au dernier jour du même mois, 24 h.",
        NoticePeriod(15, counted="clear"): "Réservable et annulable jusqu’à 15 jours francs avant "
        "le début de la période, 24 h.",
        NoticePeriod(1): "Réservable et annulable jusqu’à la veille du début de la période, 24 h.",
        NoticePeriod(0): "Réservable et annulable jusqu’au premier jour de la période, 24 h.",
        Age(3, 11): "Il faut avoir de 3 à 11 ans.",
        Age(minimum=10, counted="months"): "Il faut avoir 10 mois ou plus.",
        Capacity(40): "Dans la limite de 40 places ; au-delà, la demande va en liste d’attente.",
    }
    for rule, sentence in said.items():
        assert plain(describe(rule, NAMES)) == sentence


def test_parameters_carry_what_a_form_needs() -> None:
    found = {one.name: one for one in parameters("notice")}
    assert found["days"].required
    assert (found["days"].minimum, found["days"].unit, found["days"].shape.form) == (0, "jours", "integer")
    assert (found["hour"].default, found["hour"].shape.form) == (END_OF_DAY, "hour")
    assert found["gate"].shape.choices == ("booking", "cancelling", "both")
    assert found["gate"].labels["both"] == "réserver et annuler"
    needs = parameters("requires")[1]
    assert (needs.shape.form, needs.shape.many) == ("unit", True)


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("12:00", 720),
        ("24:00", 1440),
        ("9h", 540),
        ("8 h 30", 510),
        (720, 720),
        (9, 540),
        (24, 1440),
        ("00:00", 0),
    ],
)
def test_an_hour_is_read_however_yaml_gives_it(written: object, minutes: int) -> None:
    assert build("notice", {"days": 1, "hour": written}).rule == NoticeDays(1, Hour(minutes))


@pytest.mark.parametrize("written", ["24:01", "25:00", "12:60", 45, -60, "midi", True, None, 12.5, []])
def test_an_hour_that_is_none_is_a_value_that_shows_a_right_one(written: object) -> None:
    built = build("notice_weekly", {"weekday": "jeudi", "hour": written})
    if written is None:  # an empty optional value is its default
        assert built.rule == NoticeWeekly(Weekday.THURSDAY)
    else:
        assert "12:00" in messages(built)["hour"]


def test_every_error_is_told_at_once() -> None:
    found = built_from("notice", {"dayz": 2, "hour": "midi", "gate": "boking", "late": None, 3: 4})
    assert found["dayz"] == "« dayz » n’est pas un paramètre connu : vouliez-vous écrire « days » ?"
    assert found["days"] == "Nombre de jours avant : ajoutez « days », qui est obligatoire."
    assert found["gate"].endswith("vouliez-vous écrire « booking » ?")
    assert set(found) == {"dayz", "days", "hour", "gate", "3"}


def test_an_unknown_kind_suggests_the_nearest() -> None:
    assert messages(build("notise", {}))["kind"].endswith("vouliez-vous écrire « notice » ?")
    assert "age, cancellations, capacity" in messages(build("zzzz", {}))["kind"]


def test_choices_are_offered_with_what_they_mean_and_capitals_stop_nothing() -> None:
    assert messages(build("notice", {"days": 1, "counted": "ouvrés"}))["counted"].endswith(
        "choix possibles : calendar (jours du calendrier), clear (jours francs), months (mois, de date à "
        "date), school (jours d’école), workable (jours ouvrables, du lundi au samedi), working (jours "
        "ouvrés, du lundi au vendredi)."
    )
    assert messages(build("notice", {"days": 1, "gate": "BOOKING"}))["gate"].endswith("« booking » ?")


@pytest.mark.parametrize("days", [-1, 367, "deux", True, 1.5])
def test_a_number_out_of_bounds_or_no_number_is_refused(days: object) -> None:
    assert "days" in messages(build("notice", {"days": days}))


@pytest.mark.parametrize("days", [0, 366, "2"])
def test_a_number_at_its_bounds_is_accepted(days: object) -> None:
    assert build("notice", {"days": days}).rule is not None


def test_unknown_units_are_named_when_the_towns_units_are_known() -> None:
    values = {"unit": MATIN, "needs": ["grappaloups.repa"]}
    assert build("requires", values).rule is not None
    assert messages(build("requires", values, {"unit": UNITS}))["needs"].endswith(
        "vouliez-vous écrire « grappaloups.repas » ?"
    )


def test_one_value_stands_for_a_list_and_an_empty_list_is_refused() -> None:
    assert build("requires", {"unit": MATIN, "needs": REPAS}).rule == Requires(MATIN, frozenset({REPAS}))
    assert "vide" in messages(build("requires", {"unit": MATIN, "needs": []}))["needs"]
    assert "unité" in messages(build("requires", {"unit": "matin", "needs": [3]}))["unit"]


def test_a_kind_checks_its_parameters_against_each_other() -> None:
    assert "elle-même" in messages(build("requires", {"unit": MATIN, "needs": [MATIN, SOIR]}))["needs"]
    assert "elle-même" in messages(build("excludes", {"unit": MATIN, "others": [MATIN]}))["others"]
    assert "échangez-les" in messages(build("age", {"minimum": 12, "maximum": 11}))["maximum"]
    assert messages(build("age", {}))
    assert build("age", {"minimum": 11, "maximum": 11}).rule == Age(11, 11)


def test_a_kind_about_an_activity_takes_neither_units_nor_weekdays() -> None:
    for made in (Priority, RegistrationWindow):
        told = [one.name for one in out_of_its_reach(made, ["cantine.repas"], ["lundi"])]
        assert told == ["units", "weekdays"]
        assert out_of_its_reach(made, None, []) == ()
    assert out_of_its_reach(NoticeDays, ["cantine.repas"], ["lundi"]) == ()


def test_messages_keep_their_punctuation_together() -> None:
    (error,) = build("notice", {"days": "deux"}).errors
    assert f"{NBSP}:" in error.message
    assert f"«{NBSP}deux{NBSP}»" in error.message


@dataclass(frozen=True)
class Silent:
    unit: str = param("L’unité")

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        return iter(())


def declared(code: str, says: str, **members: Any) -> None:
    made: type[Any] = dataclass(frozen=members.pop("frozen", True))(type("Made", (), members))
    kind(code, says=says)(made)


def test_a_kind_that_contradicts_itself_stops_the_import() -> None:
    refusals = Silent.refusals
    with pytest.raises(BadKind, match="Two kinds"):
        kind("notice", says="")(Silent)
    with pytest.raises(BadKind, match="untold"):
        kind("t1", says="{untold}")(Silent)
    with pytest.raises(BadKind, match="frozen"):
        declared("t2", "", frozen=False, refusals=refusals)
    with pytest.raises(BadKind, match="refusals"):
        declared("t3", "")
    with pytest.raises(BadKind, match="no label"):
        declared("t4", "", refusals=refusals, days=3, __annotations__={"days": int})
    with pytest.raises(BadKind, match="YAML"):
        declared("t5", "", refusals=refusals, on=param("Le"), __annotations__={"on": int})
    with pytest.raises(BadKind, match="No form knows"):
        declared("t6", "", refusals=refusals, size=param("Taille"), __annotations__={"size": complex})
    assert not {"t1", "t2", "t3", "t4", "t5", "t6"} & kinds().keys()


def test_an_object_of_no_kind_is_named() -> None:
    with pytest.raises(LookupError, match="Silent"):
        kind_of(Silent(CANTINE))

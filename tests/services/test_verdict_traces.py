"""What of a trace its reader may know: squares, facts and refusals, the answer staying what it is."""

from typing import Any

import pytest

from app.rules.verdict import Severity
from app.services.verdict_traces import ANYBODY, UNTOLD, WIDER, Reader, narrowed

HERE, THERE = "cantine.repas 2026-12-10", "mercredi.matin 2026-12-09"
CANTEEN = Reader(activities=frozenset({"cantine"}))


def trace(**said: Any) -> dict[str, Any]:
    one = {
        "rule": "r", "severity": "refused", "squares": [HERE], "sentence": "Lila a déjà le matin.",
        "article": "article 7", "until": None, "remedy": "Retirer", "discreet": "", **said,
    }  # fmt: skip
    rule = {"code": "r", "sentence": "Un jour.", "traits": ["pai"], "facts": ["residence"], "state": "said"}
    return {
        "adds": [HERE, THERE],
        "drops": [],
        "child": {"residence": "outside", "groups": {"cantine": ["Petits"], "mercredi": ["Grands"]}},
        "said": [one],
        "rules": [{**rule, "limits": [[HERE, "x"], [THERE, "y"]]}],
    }


def test_the_squares_and_groups_of_other_facilities_are_left_out() -> None:
    told = narrowed(trace(), CANTEEN)
    assert told["adds"] == [HERE] and told["child"]["groups"] == ["Petits"]
    assert told["rules"][0]["limits"] == [[HERE, "x"]]
    assert narrowed(trace(), Reader())["child"]["groups"] == ["Grands", "Petits"]


def test_a_refusal_about_other_facilities_too_says_its_rule_alone() -> None:
    (said,) = narrowed(trace(squares=[HERE, THERE]), CANTEEN)["said"]
    assert said["sentence"] == f"{WIDER}Un jour." and said["remedy"] is None and said["squares"] == [HERE]
    (whole,) = narrowed(trace(squares=[HERE, THERE]), Reader())["said"]
    assert whole["sentence"] == "Lila a déjà le matin."
    elsewhere = trace(squares=[THERE], severity=Severity.WARNING.value)
    assert narrowed(elsewhere, CANTEEN)["said"] == []


@pytest.mark.parametrize(
    "reader", [Reader(traits=frozenset({"autre"})), Reader(hidden=frozenset({"residence"})), ANYBODY]
)
def test_a_rule_that_tells_what_is_hidden_is_not_listed_and_refuses_all_the_same(reader: Reader) -> None:
    told = narrowed(trace(), reader)
    assert told["rules"] == []
    assert [(one["sentence"], one["severity"]) for one in told["said"]] == [(UNTOLD, "refused")]
    assert narrowed(trace(), Reader(traits=frozenset({"pai"})))["rules"] != []


def test_what_is_owed_is_for_who_reads_bills() -> None:
    owed = trace(sentence="Il reste 12 €.", discreet="Il reste à payer.")
    assert narrowed(owed, Reader(reads_bills=False))["said"][0]["sentence"] == "Il reste à payer."
    assert narrowed(owed, Reader())["said"][0]["sentence"] == "Il reste 12 €."

"""A trace in words: its moments, its squares and its facts (``staff/verdict_trace.html``)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.entities.health import Level
from app.rules.explain import STATES
from app.rules.squares import read_moment
from app.rules.who import RESIDENCES, SCHOOL
from app.rules.words import day_words, limit_words, sentence
from app.services.catalogue import catalogue
from app.services.verdict_traces import names

LEVELS = {one.value: one.label for one in Level}
SEVERITIES = {
    "refused": ("rose", "x-lg", "Refusé"),
    "ask_staff": ("yellow", "hourglass-split", "Soumis au service"),
    "waiting": ("yellow", "clock", "Liste d’attente"),
    "warning": ("blue", "info-circle", "Averti"),
}
WEEKS = {"even": "paires", "odd": "impaires"}


def spoken(trace: Mapping[str, Any]) -> dict[str, Any]:
    """What the template wants of a trace that was narrowed to its reader."""
    units = {code: f"{one.activity.name}, {one.name.lower()}" for code, one in catalogue().by_code.items()}

    def square(text: str) -> str:
        unit, _, on = text.partition(" ")
        return f"{units.get(unit, unit)}, {day_words(date.fromisoformat(on))}"

    def moment(text: str | None) -> str:
        return limit_words(read_moment(text)) if text else ""

    child = trace["child"]
    born_on = child.get("born_on")
    facts = [
        ("Moment", moment(trace.get("at"))),
        ("Né(e) le", day_words(date.fromisoformat(born_on)) if born_on else ""),
        ("Rattachement", sentence(RESIDENCES.get(child.get("residence") or "", ""))),
        ("École", names().get(SCHOOL + (child.get("school") or ""), "")),
        ("Classe", LEVELS.get(child.get("level") or "", "")),
        ("Groupes", ", ".join(child.get("groups", ()))),
        ("Semaines de garde", WEEKS.get(child.get("custody") or "", "")),
    ]
    told = {
        "adds": [square(one) for one in trace["adds"]],
        "drops": [square(one) for one in trace["drops"]],
        "said": [{**one, "until": moment(one.get("until"))} for one in trace["said"]],
        "facts": [pair for pair in facts if pair[1]],
        "rules": [
            {**one, "limits": [(square(slot), moment(limit)) for slot, limit in one["limits"]]}
            for one in trace["rules"]
        ],
        "others": trace.get("others", 0),
    }
    return {"trace": told, "severities": SEVERITIES, "states": STATES}

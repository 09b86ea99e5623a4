"""What the town's rules say of registering: its windows, from when it counts, who comes first."""

from datetime import date, datetime

from app.models import Activity, Person, Registration
from app.rules.calendar import local_day
from app.rules.kinds.order import LAST_RANK, Priority, RegistrationWindow
from app.rules.registering import RegistrationAnswer, rank_of, registering
from app.services.catalogue import catalogue
from app.services.child_facts import child_of
from app.services.rulings import load_offer


def answer(
    child: Person, family_id: int, activity: Activity, from_on: date, now: datetime
) -> RegistrationAnswer:
    """What the town's windows say of registering now. Four statements, none where no rule speaks of it."""
    known = catalogue()
    rules = [one for one in known.rules if isinstance(one.rule, RegistrationWindow)]
    if not rules:
        return RegistrationAnswer((), local_day(now))
    facts = child_of(child, family_id, (), rules, from_on)
    offer = load_offer(known, (), from_on, from_on)
    return registering(facts, activity.code, from_on, now, offer.calendar, rules)


def rank(row: Registration) -> int:
    """Where the child stands when places are short. One statement, none where the town has no priority."""
    rules = [one for one in catalogue().rules if isinstance(one.rule, Priority)]
    if not rules:
        return LAST_RANK
    facts = child_of(row.child, row.family_id, (), rules, row.starts_on)
    return rank_of(facts, row.activity.code, row.starts_on, rules)

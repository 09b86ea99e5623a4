"""The days to come with too few children to take place, and until when the service decides."""

from dataclasses import dataclass
from datetime import date, datetime

from app.access.viewer import Viewer
from app.models import Unit
from app.rules.booking import DatedRule
from app.rules.calendar import local_day
from app.rules.facts import Plan, Slot
from app.rules.kinds.places import Minimum
from app.services import places
from app.services.catalogue import catalogue
from app.services.rulings import load_offer


@dataclass(frozen=True)
class ThinDay:
    """A square with fewer children than a rule asks for; ``decided_at`` is when the service decides, in UTC.

    ``children`` are counted as the rule counts them: those whom it concerns, who have a place or wait for
    one.
    """

    slot: Slot
    unit: Unit
    rule: DatedRule
    children: int
    least: int
    decided_at: datetime


def below_minimum(now: datetime, until_on: date, viewer: Viewer) -> list[ThinDay]:
    """The open days from today to ``until_on``, both included, under the minimum of a rule, at the facilities
    where the viewer's roles hold; the first to be decided first. A day already decided is still told.

    Three statements, whatever the days: one where no rule gives a minimum, one or two more where such rules
    tell children apart, up to five where somebody waits though a place is free.
    """
    known = catalogue()
    rules = [(one, one.rule) for one in known.rules if isinstance(one.rule, Minimum)]
    if not rules:
        return []
    in_reach = {
        unit.activity_id
        for unit in known.units
        if viewer.facility_ids is None or unit.activity.facility_id in viewer.facility_ids
    }
    offer = load_offer(known, in_reach, local_day(now), until_on)
    calendar = offer.calendar
    governed = [
        (slot, dated, rule)
        for slot in calendar.openings
        if calendar.is_open(slot.unit, slot.on)
        for dated, rule in rules
        if dated.covers(slot)
    ]
    others = places.of_others(offer, None, known.rules, now) if governed else places.Others()
    everybody = Plan((), now, calendar, taken=others.taken, pending=others.pending, crowd=others.crowd)
    counted = {id(dated): dated.seen(everybody) for dated, _ in rules}
    found = [
        ThinDay(slot, offer.units[slot.unit], dated, there, rule.least, rule.decided_at(slot.on))
        for slot, dated, rule in governed
        if (there := rule.there(counted[id(dated)], slot)) < rule.least
    ]
    return sorted(found, key=lambda one: (one.decided_at, one.slot, one.rule.called))

"""The demonstration: invented households, from September to a few weeks ahead, in every state there is.

``load(families, seed, today=...)`` fills a town whose rulebook is applied; the same seed and day give
the same households. ``load_if_empty`` is what a first start calls.
"""

from app.services.demo.loading import FAMILIES, Done, bill_past_months, load, load_if_empty
from app.services.demo.town import NoTownError

__all__ = ["FAMILIES", "Done", "NoTownError", "bill_past_months", "load", "load_if_empty"]

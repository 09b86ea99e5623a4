"""The rulebook: a town's whole configuration in one YAML file, checked and applied.

``check(path)`` reads the file against the declarations and reports every problem at once;
``apply(draft, today)`` writes what passed, in one transaction, twice with the same result.
What the file may hold is `sections.SECTIONS`, derived from the entities; docs/rulebook.md says it
in French for configurators.
"""

from app.services.rulebook.apply import Report, apply
from app.services.rulebook.check import Checked, check, check_text
from app.services.rulebook.export import export
from app.services.rulebook.json_schema import json_schema
from app.services.rulebook.planned import Planned, plan
from app.services.rulebook.printed import Printed, printed, printed_now
from app.services.rulebook.reference import reference
from app.services.rulebook.source import Unreadable

__all__ = [
    "Checked",
    "Planned",
    "Printed",
    "Report",
    "Unreadable",
    "apply",
    "check",
    "check_text",
    "export",
    "json_schema",
    "plan",
    "printed",
    "printed_now",
    "reference",
]

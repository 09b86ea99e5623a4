"""The rulebook: a town's whole configuration in one YAML file, checked and applied.

``check(path)`` reads the file against the declarations and reports every problem at once;
``apply(draft, today)`` writes what passed, in one transaction, twice with the same result.
What the file may hold is `sections.SECTIONS`, derived from the entities; docs/rulebook.md says it
in French for configurators.
"""

from app.services.rulebook.apply import Report, apply
from app.services.rulebook.check import Checked, check, check_text
from app.services.rulebook.json_schema import json_schema
from app.services.rulebook.reference import reference
from app.services.rulebook.source import Unreadable

__all__ = ["Checked", "Report", "Unreadable", "apply", "check", "check_text", "json_schema", "reference"]

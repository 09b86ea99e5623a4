"""In a template, what the town hid from whoever reads is empty: no page made by hand need think of it."""

from typing import Any

from flask.templating import Environment

from app.access import permissions
from app.declare import Entity


class VeiledEnvironment(Environment):
    """Jinja's way to an attribute, with the tightened rights in between (``permissions.is_veiled``)."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``row.attribute``."""
        if isinstance(obj, Entity) and permissions.is_veiled(obj, attribute):
            return None
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: str | Any) -> Any:
        """``row[attribute]``, and what the filters ``map`` and ``selectattr`` read."""
        if isinstance(obj, Entity) and permissions.is_veiled(obj, argument):
            return None
        return super().getitem(obj, argument)

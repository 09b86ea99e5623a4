"""The rule kinds. Importing this package registers them all; a new kind is one class and, for a new module,
one line here.
"""

from app.rules.kinds import (
    admission,
    counting,
    household,
    limits,
    notice,
    order,
    places,
    runs,
    together,
    windows,
)
from app.rules.registry import Kind, kinds

__all__ = [
    "admission", "by_family", "counting", "household", "limits", "notice", "order", "places", "runs",
    "together", "windows",
]  # fmt: skip

FAMILIES = {
    "Délais": (notice, windows),
    "Ce qui se réserve": (together, counting, runs),
    "Qui": (admission, order),
    "Places": (places,),
    "Dossier": (household,),
}
"""The modules by what a configurator looks for."""


def by_family() -> dict[str, list[Kind]]:
    """Every kind, by what one looks for, then by title."""
    return {
        name: sorted(
            (
                one
                for one in kinds().values()
                if one.made.__module__ in {module.__name__ for module in modules}
            ),
            key=lambda one: one.title,
        )
        for name, modules in FAMILIES.items()
    }

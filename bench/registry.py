"""What a bench is: a name, a promise, and a function that prepares and returns what to measure.

@bench("planning page", cpu_ms=25, statements=12)
def planning_page(town: Town) -> Work:
    \"\"\"One child, one month, all squares.\"\"\"
    child_id, family_id = town.busy_child()
    client = town.client(town.parent_of(family_id))
    return lambda: client.get(f"/planning/{child_id}")
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.town import Town

Work = Callable[[], Any]
Prepare = Callable[["Town"], Work | None]


@dataclass(frozen=True)
class Bench:
    """One measure. Its promises are None where none was made; ``each_time`` prepares before every repeat."""

    name: str
    prepare: Prepare
    cpu_ms: float | None = None
    statements: int | None = None
    repeats: int = 9
    each_time: bool = False

    @property
    def says(self) -> str:
        """What is measured, from the function's docstring."""
        return (self.prepare.__doc__ or "").strip().partition("\n")[0]


BENCHES: dict[str, Bench] = {}


def bench(
    name: str,
    *,
    cpu_ms: float | None = None,
    statements: int | None = None,
    repeats: int = 9,
    each_time: bool = False,
) -> Callable[[Prepare], Prepare]:
    """Register a bench. ``each_time``: what is measured can be done once (a click, a run)."""

    def register(prepare: Prepare) -> Prepare:
        if name in BENCHES:
            raise ValueError(f"two benches are called {name!r}")
        BENCHES[name] = Bench(name, prepare, cpu_ms, statements, repeats, each_time)
        return prepare

    return register


def load_all() -> dict[str, Bench]:
    """Every bench of ``bench/benches``."""
    import bench.benches as folder

    for module in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"bench.benches.{module.name}")
    return dict(sorted(BENCHES.items()))

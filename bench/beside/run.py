"""Measuring both sides of each page, a process each, and saying how many times ours the other takes."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

from bench.beside import rows
from bench.measure import counting_on, peak_mb, timed
from bench.town import MADE_OF, ROOT

REPEATS = 5
PAGES = {
    "list of 25 among 10,000": ("list", "list"),
    "list of 25 among 10,000, stock without relations in its search form": (
        "list",
        "list, no relation in its search",
    ),
    "form with relations to 10,000 rows": ("form", "form"),
    "export of 10,000 rows: ours one CSV, stock its API by pages of 100 (it has no export)": (
        "export",
        "export",
    ),
}
"""What is compared: our page and the stock one."""
LISTS = ("list", "list, no relation in its search")


@dataclass(frozen=True)
class Taken:
    """What one page took on one side; ``grown_mb``: by how much the page raised the peak of its process."""

    cpu_ms: float
    statements: int
    bytes: int
    peak_mb: int
    grown_mb: int
    shown: str = ""
    """Which rows a list shows, to be sure that both show the same."""


@dataclass(frozen=True)
class Compared:
    """One page on both sides; ``times``: the stock figure divided by ours."""

    name: str
    rows: int
    ours: Taken
    stock: Taken
    times: dict[str, float] = field(default_factory=dict)


def compare(folder: Path) -> Iterator[Compared]:
    """Every page, measured."""
    known: dict[tuple[str, str], Taken] = {}
    for name, (here, there) in PAGES.items():
        print(f"{name}…", file=sys.stderr)
        for side, page in (("ours", here), ("stock", there)):
            if (side, page) not in known:
                known[side, page] = _apart(side, page, folder)
        ours, stock = known["ours", here], known["stock", there]
        if ours.shown != stock.shown:
            raise AssertionError(f"not the same rows: {ours.shown[:200]} and {stock.shown[:200]}")
        measures = ("cpu_ms", "statements", "bytes", "peak_mb")
        times = {one: round(getattr(stock, one) / getattr(ours, one), 1) for one in measures}
        yield Compared(name, rows.COUNT, ours, stock, times)


def _apart(side: str, page: str, folder: Path) -> Taken:
    command = [sys.executable, "-m", "bench", "--side", side, "--page", page, "--folder", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{side}, {page}: {done.stderr.strip()[-2000:]}")
    return Taken(**json.loads(done.stdout.splitlines()[-1]))


def side_of(name: str) -> ModuleType:
    """The module of a side; never both in one process."""
    if name == "ours":
        from bench.beside import ours

        return ours
    from bench.beside import stock

    return stock


def measure_here(name: str, page: str, folder: Path) -> str:
    """The measure as JSON, in this process. An export is long: it is run once, after a page has warmed up."""
    side = side_of(name)
    _, engine, client = side.opened(folder)
    work = side.work(client, page)
    is_long = page == "export"
    timed(side.work(client, "list") if is_long else work)
    before = peak_mb()
    with counting_on(engine) as seen:
        spent, (size, text) = timed(work)
    spents = [spent] if is_long else [timed(work)[0] for _ in range(REPEATS)]
    shown = _shown(text) if page in LISTS else ""
    peak = peak_mb()
    return json.dumps(asdict(Taken(round(median(spents), 1), len(seen), size, peak, peak - before, shown)))


def _shown(page: str) -> str:
    """The numbers of the households in the table of a list."""
    table = page[page.rindex("<table") : page.rindex("</table>")]
    return ", ".join(sorted(set(re.findall(r"Famille\W+(\d{5})", table))))


@contextmanager
def filled() -> Iterator[Path]:
    """The folder of both databases, made if it is not there yet."""
    kept = Path(tempfile.gettempdir()) / f"marelle-bench-beside-{_digest()}"
    if not kept.exists():
        draft = Path(tempfile.mkdtemp(prefix="marelle-bench-beside-draft-"))
        for side in ("ours", "stock"):
            command = [sys.executable, "-m", "bench", "--side", side, "--folder", str(draft)]
            subprocess.run(
                command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        draft.rename(kept)
    with tempfile.TemporaryDirectory(prefix="marelle-bench-run-") as copy:
        shutil.copytree(kept, copy, dirs_exist_ok=True)
        yield Path(copy)


def _digest() -> str:
    made = hashlib.sha256()
    for name in (*MADE_OF, "bench/beside"):
        path = ROOT / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            made.update(file.read_bytes())
    return made.hexdigest()[:12]


def as_dict(one: Any) -> dict[str, Any]:
    """For JSON: what only served to compare is left out."""
    found = asdict(one)
    for side in ("ours", "stock"):
        found[side].pop("shown")
    return found

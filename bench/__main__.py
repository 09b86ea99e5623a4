"""``python -m bench --families 200 1000 [--only NAME ...] [--list]``: JSON on the standard output."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from bench.beside import run as beside
from bench.measure import as_json, measure_apart, measure_here
from bench.registry import load_all
from bench.town import seeded

BESIDE = "beside"


def main() -> int:
    """Measure; 1 when a promise is broken."""
    asked = argparse.ArgumentParser(prog="python -m bench")
    asked.add_argument("--families", type=int, nargs="+", default=[200], help="sizes of the town")
    asked.add_argument("--only", nargs="+", default=[], help="names of benches")
    asked.add_argument("--list", action="store_true", help="name the benches and stop")
    asked.add_argument("--one", help=argparse.SUPPRESS)
    asked.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked.add_argument("--side", help=argparse.SUPPRESS)
    asked.add_argument("--page", help=argparse.SUPPRESS)
    told = asked.parse_args()
    if told.side:
        _one_side(told.side, told.page, told.folder)
        return 0
    if told.one:
        print(json.dumps(asdict(measure_here(told.one, told.families[0], told.folder))))
        return 0
    benches = load_all()
    if told.list:
        print("\n".join(f"{one.name}: {one.says}" for one in benches.values()))
        print(f"{BESIDE}: {', '.join(beside.PAGES)}; each beside the same page of stock Flask-AppBuilder.")
        return 0
    unknown = set(told.only) - set(benches) - {BESIDE}
    if unknown:
        asked.error(f"no bench is called {', '.join(sorted(unknown))}; see --list")
    measures = []
    names = [name for name in told.only or benches if name != BESIDE]
    for families in told.families if names else []:
        folder = seeded(families)
        for name in names:
            print(f"{families} families, {name}…", file=sys.stderr)
            measures.append(measure_apart(name, families, folder))
    found = [asdict(one) for one in measures]
    if not told.only or BESIDE in told.only:
        with beside.filled() as folder:
            found.extend(beside.as_dict(one) for one in beside.compare(folder))
    print(as_json(found))
    return int(any(one.kept is False for one in measures))


def _one_side(side: str, page: str | None, folder: Path) -> None:
    if page is None:
        beside.side_of(side).fill(folder)
    else:
        print(beside.measure_here(side, page, folder))


if __name__ == "__main__":
    sys.exit(main())

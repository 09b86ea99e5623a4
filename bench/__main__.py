"""``python -m bench --families 200 1000 [--only NAME ...] [--list]``: JSON on the standard output."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from bench.measure import as_json, measure_apart, measure_here
from bench.registry import load_all
from bench.town import seeded


def main() -> int:
    """Measure; 1 when a promise is broken."""
    asked = argparse.ArgumentParser(prog="python -m bench")
    asked.add_argument("--families", type=int, nargs="+", default=[200], help="sizes of the town")
    asked.add_argument("--only", nargs="+", default=[], help="names of benches")
    asked.add_argument("--list", action="store_true", help="name the benches and stop")
    asked.add_argument("--one", help=argparse.SUPPRESS)
    asked.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    told = asked.parse_args()
    if told.one:
        print(json.dumps(asdict(measure_here(told.one, told.families[0], told.folder))))
        return 0
    benches = load_all()
    if told.list:
        print("\n".join(f"{one.name}: {one.says}" for one in benches.values()))
        return 0
    unknown = set(told.only) - set(benches)
    if unknown:
        asked.error(f"no bench is called {', '.join(sorted(unknown))}; see --list")
    measures = []
    for families in told.families:
        folder = seeded(families)
        for name in told.only or benches:
            print(f"{families} families, {name}…", file=sys.stderr)
            measures.append(measure_apart(name, families, folder))
    print(as_json(measures))
    return int(any(one.kept is False for one in measures))


if __name__ == "__main__":
    sys.exit(main())

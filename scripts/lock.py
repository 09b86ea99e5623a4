"""Compile requirements.in and requirements-dev.in to their locks: `make lock`.

Run it with the oldest Python of the project: what it resolves to must install on all of them.
`python scripts/lock.py --upgrade` takes the newest versions; without, only what must change changes.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
OPTIONS = (
    "--quiet",
    "--strip-extras",
    "--generate-hashes",
    "--allow-unsafe",  # pip and setuptools too: an install with hashes refuses what has none
    "--no-annotate",
    # Where this machine finds packages is nobody else's business.
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
)


def main(arguments: list[str]) -> int:
    """Exit status: 0 when both locks are written."""
    if sys.version_info[:2] != OLDEST:
        print(f"Les verrous se calculent avec Python {OLDEST[0]}.{OLDEST[1]} : make PYTHON=python3.11 lock")
        return 1
    env = {**os.environ, "CUSTOM_COMPILE_COMMAND": "make lock"}
    for name in ("requirements", "requirements-dev"):
        files = [f"--output-file={name}.lock", f"{name}.in"]
        subprocess.run(
            [sys.executable, "-m", "piptools", "compile", *OPTIONS, *arguments, *files],
            cwd=ROOT,
            env=env,
            check=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

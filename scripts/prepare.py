#!/usr/bin/env python3
"""Make a machine ready: `prepare.py run` to run Marelle, `prepare.py test` to test it too.

Creates `.venv` from the lock, once; installs the system parts that are missing when it may, else
says the one line to type. A second run does nothing and takes milliseconds. Standard library alone.
"""

import sys

OLDEST, NEWEST = (3, 11), (3, 13)  # the versions that the locks were tried with

if sys.version_info < (3, 6):
    sys.exit("Marelle demande Python 3.11, 3.12 ou 3.13.")

import ctypes  # noqa: E402  (Python 3.6 to 3.10 must reach the sentence below)
import fcntl  # noqa: E402
import hashlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import shutil  # noqa: E402
import subprocess  # noqa: E402
from pathlib import Path  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
PIP = ("-qq", "--disable-pip-version-check", "--no-input", "--retries=8", "--timeout=60")
LOCKED = ("--require-hashes", "--only-binary=:all:")  # as locked, and never a compiler


class Stuck(Exception):
    """What is missing and what to type, in French."""


# Python --------------------------------------------------------------------------------------


def suits(version):
    """Is this (major, minor) among those the locks were tried with?"""
    return OLDEST <= tuple(version[:2]) <= NEWEST


def another_python():
    """A Python of this machine that suits, the newest first; None if there is none."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which("python3.%d" % minor)
        if found:
            asked = "import sys; print(*sys.version_info[:2])"
            told = subprocess.run(
                [found, "-c", asked], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
            )
            if told.stdout.split() == [b"3", b"%d" % minor]:
                return found
    return None


def old_python(version):
    """The sentence for a Python that does not suit."""
    return (
        "Marelle demande Python 3.11, 3.12 ou 3.13 ; celui-ci est Python {}.{}.\n"
        "Installez-en un (sous Debian 12 ou plus récent : apt-get install python3 python3-venv),\n"
        "ou dites où il se trouve : make PYTHON=/chemin/vers/python3.11 run"
    ).format(*version[:2])


# What Debian brings --------------------------------------------------------------------------


def loads(library):
    """Does the machine have this shared library?"""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_fonts():
    """Is there one font, for the characters that ours do not draw?"""
    folders = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
    return any(
        name.endswith((".ttf", ".otf", ".ttc"))
        for folder in folders
        for _, _, names in os.walk(os.path.expanduser(folder))
        for name in names
    )


def has_chromium():
    """Is there a browser to look through?"""
    return bool(shutil.which("chromium") or shutil.which("chromium-browser"))


def has_postgresql():
    """Are there the programs of a PostgreSQL server, in whatever version?"""
    return bool(shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb")))


def can_make_venvs():
    """Debian ships Python without what makes virtual environments."""
    import importlib.util

    return bool(importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"))


def parts(mode):
    """(Debian package, what it serves, is it there?) for everything that this mode needs."""
    wanted = [
        ("python3.%d-venv" % sys.version_info[1], "environnement Python", can_make_venvs),
        ("libpango-1.0-0", "factures en PDF", lambda: loads("libpango-1.0.so.0")),
        ("libpangoft2-1.0-0", "factures en PDF", lambda: loads("libpangoft2-1.0.so.0")),
        ("libharfbuzz-subset0", "factures en PDF", lambda: loads("libharfbuzz-subset.so.0")),
        ("fonts-dejavu-core", "polices de caractères", has_fonts),
    ]
    if mode == "test":
        wanted += [
            ("chromium", "essais dans un navigateur", has_chromium),
            ("libatomic1", "essais dans un navigateur", lambda: loads("libatomic.so.1")),
            ("postgresql", "essais avec PostgreSQL", has_postgresql),
        ]
    return wanted


def bring(mode):
    """Install the missing system parts as root; say the line to type as anybody else."""
    missing = [(package, use) for package, use, present in parts(mode) if not present()]
    if not missing:
        return
    packages = [package for package, _ in missing]
    listed = "\n".join("  - %s (%s)" % one for one in missing)
    if not shutil.which("apt-get"):
        raise Stuck(
            "Il manque à cette machine, sous leur nom Debian :\n%s\nInstallez-les, puis relancez." % listed
        )
    line = "apt-get install -y --no-install-recommends " + " ".join(packages)
    if os.geteuid() != 0:
        raise Stuck("Il manque à cette machine :\n%s\nTapez, puis relancez :\n  sudo %s" % (listed, line))
    print("Installation de : %s…" % ", ".join(packages), flush=True)
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    patient = ["-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"]
    for command in (["apt-get", *patient, "-qq", "update"], [*line.split(), "-qq", *patient]):
        done = subprocess.run(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode and command[-1] != "update":  # a source that fails may not be the one we need
            tail = done.stdout.decode(errors="replace")[-2000:]
            raise Stuck("%s\nL’installation a échoué. Essayez à la main :\n  %s" % (tail, line))
    left = [package for package, _, present in parts(mode) if not present()]
    if left:
        raise Stuck("Installés, mais toujours introuvables : %s." % ", ".join(left))


# What Python brings --------------------------------------------------------------------------


class Environment:
    """`.venv`, and the stamp in it that says which locks it holds."""

    def __init__(self, root):
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self.stamp = self.folder / "marelle.json"
        self.locks = {"run": root / "requirements.lock", "test": root / "requirements-dev.lock"}

    def base(self):
        """What the whole environment hangs on: another Python, folder or runtime lock starts it afresh.

        The Python is the one `.venv` leads to, which an upgrade of the system may have changed.
        """
        return {
            "python": os.path.realpath(str(self.python)),
            "folder": str(self.folder),
            "run": self.print_of("run"),
        }

    def print_of(self, mode):
        """The fingerprint of that mode's lock."""
        return hashlib.sha256(self.locks[mode].read_bytes()).hexdigest()

    def held(self):
        """What the stamp says; nothing when an install was interrupted."""
        try:
            told = json.loads(self.stamp.read_text())
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) and self.python.exists() else {}

    def misses(self, mode):
        """What is to be done: 'all', 'test' (the test lock on top of the runtime's), or None."""
        held = self.held()
        if {name: held.get(name) for name in ("python", "folder", "run")} != self.base():
            return "all"
        if mode == "test" and held.get("test") != self.print_of("test"):
            # An older test lock leaves packages behind: afresh.
            return "all" if held.get("test") else "test"
        return None

    def fill(self, mode):
        """Bring `.venv` to what this mode needs; the stamp goes first and comes back last."""
        with self.locks["run"].open() as door:
            try:
                fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                print("Un autre « make » prépare l’environnement : on l’attend.", flush=True)
                fcntl.flock(door, fcntl.LOCK_EX)
            todo = self.misses(mode)  # the other one may have done it
            if todo is None:
                return
            try:
                self._fill(mode, todo)
            except OSError as error:
                raise Stuck("Le dossier %s ne s’écrit pas : %s." % (self.folder, error.strerror)) from error

    def _fill(self, mode, todo):
        if self.stamp.exists():
            self.stamp.unlink()
        if todo == "all":
            print("Environnement Python : création (une à trois minutes, une seule fois)…", flush=True)
            if self.folder.is_symlink() or self.folder.is_file():
                self.folder.unlink()
            elif self.folder.exists():
                shutil.rmtree(str(self.folder))
            base = getattr(sys, "_base_executable", None) or sys.executable
            self._run([base, "-m", "venv", str(self.folder)], "créer l’environnement Python")
        else:
            print("Environnement Python : ajout de ce que demandent les essais…", flush=True)
        self._run(
            [str(self.python), "-m", "pip", "install", *PIP, *LOCKED, "-r", str(self.locks[mode])],
            "télécharger les bibliothèques Python",
        )
        held = dict(self.base(), test=self.print_of("test") if mode == "test" else None)
        draft = self.stamp.with_suffix(".draft")
        draft.write_text(json.dumps(held, indent=1))
        draft.replace(self.stamp)

    @staticmethod
    def _run(command, purpose):
        env = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
        if subprocess.run(command, env=env, stdin=subprocess.DEVNULL, check=False).returncode:
            raise Stuck(
                "Impossible de %s (le message est au-dessus). Vérifiez l’accès au réseau,\n"
                "puis relancez la même commande : elle reprend où il faut." % purpose
            )


def main(arguments):
    """Exit status: 0 when the machine is ready."""
    if len(arguments) != 1 or arguments[0] not in {"run", "test"}:
        print("usage : prepare.py run | prepare.py test", file=sys.stderr)
        return 2
    if not suits(sys.version_info):
        other = another_python()
        if other:
            os.execv(other, [other, str(Path(__file__).resolve()), *arguments])
        if sys.version_info < OLDEST:
            print(old_python(sys.version_info), file=sys.stderr)
            return 1
        print("Python %d.%d n’a pas été essayé avec Marelle : on tente." % sys.version_info[:2], flush=True)
    environment = Environment(ROOT)
    try:
        bring(arguments[0])
        if environment.misses(arguments[0]):
            environment.fill(arguments[0])
    except Stuck as stuck:
        print(stuck, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

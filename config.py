"""Every setting of a Marelle server, read from its environment, and nowhere else.

``VARIABLES`` documents each one in French, for whoever runs the town's server;
``settings`` turns an environment into what ``create_app`` takes.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
MEGABYTE = 1024 * 1024
SHORTEST_SECRET = 16
TRUE, FALSE = {"1", "true", "yes", "on", "oui"}, {"0", "false", "no", "off", "non", ""}


class BadSetting(ValueError):
    """A setting that the server cannot start with; the message is French and names the remedy."""


@dataclass(frozen=True)
class Variable:
    """One environment variable: its name, what it is when nobody sets it, and what it does."""

    name: str
    default: str
    says: str
    otherwise: str = ""
    """The default in words, where it depends on another variable; ``default`` is then empty."""


VARIABLES = (
    # Where
    Variable(
        "MARELLE_HOME",
        "",
        "Dossier de tout ce que le serveur écrit : base, fichiers, courrier, journaux, clé secrète. "
        "C’est lui qu’il faut sauvegarder.",
        otherwise="./var, à côté du programme",
    ),
    Variable("HOST", "127.0.0.1", "Adresse d’écoute ; 0.0.0.0 pour toutes celles de la machine."),
    Variable("PORT", "8000", "Port d’écoute."),
    Variable(
        "PUBLIC_URL",
        "",
        "Adresse que tapent les familles, sans barre finale ; elle commence les liens des e-mails. "
        "En https, les cookies ne voyagent plus qu’en https et la démonstration n’est plus chargée d’office.",
        otherwise="http://127.0.0.1:PORT",
    ),
    Variable(
        "TRUSTED_PROXIES",
        "0",
        "Nombre de relais (nginx, Apache, Traefik…) placés devant et crus sur l’adresse du visiteur. "
        "Laisser 0 s’il n’y en a pas : sinon n’importe qui peut mentir sur son adresse.",
    ),
    Variable("WEB_CONCURRENCY", "2", "Nombre de processus web ; un par cœur suffit."),
    Variable("WEB_THREADS", "4", "Nombre de fils d’exécution par processus web."),
    # What
    Variable(
        "DATABASE_URL",
        "",
        "Base de données : sqlite:////chemin/fichier.db ou postgresql://compte:motdepasse@hote/base.",
        otherwise="le fichier marelle.db de MARELLE_HOME",
    ),
    Variable(
        "MARELLE_SECRET",
        "",
        "Clé qui signe les connexions et les liens ; 16 caractères au moins. À donner si plusieurs "
        "machines servent la même ville. La changer déconnecte tout le monde.",
        otherwise="tirée au sort une fois pour toutes dans MARELLE_HOME/secret",
    ),
    Variable("FILES_DIR", "", "Dossier des pièces déposées et des factures.", otherwise="MARELLE_HOME/files"),
    Variable("HUEY_PATH", "", "Fichier de la file des travaux de fond.", otherwise="MARELLE_HOME/jobs.db"),
    Variable(
        "RATELIMIT_STORAGE_URI",
        "",
        "Où se comptent les essais de connexion ; redis://… pour compter ensemble plusieurs machines.",
        otherwise="un fichier de MARELLE_HOME, commun aux processus web de la machine",
    ),
    # First start
    Variable(
        "MARELLE_DEMO",
        "",
        "1 : remplir une base vide de familles inventées ; 0 : non.",
        otherwise="1, mais 0 si PUBLIC_URL est en https",
    ),
    Variable(
        "MARELLE_RULEBOOK",
        "communes/le-touvet.yaml",
        "Règlement appliqué à une base vide ; un chemin relatif part du programme.",
    ),
    Variable(
        "MARELLE_NOW",
        "",
        "Pour une répétition : démarrer à une autre date, comme 2027-06-15T09:00 (heure de Paris).",
        otherwise="la date du jour",
    ),
    # Mail
    Variable(
        "MAIL_SERVER",
        "",
        "Serveur d’envoi du courrier (SMTP).",
        otherwise="aucun : chaque e-mail est écrit dans MAIL_FOLDER",
    ),
    Variable(
        "MAIL_PORT", "", "Port de ce serveur.", otherwise="25 ; 587 avec MAIL_USE_TLS, 465 avec MAIL_USE_SSL"
    ),
    Variable("MAIL_USE_TLS", "0", "1 : chiffrer par STARTTLS."),
    Variable("MAIL_USE_SSL", "0", "1 : chiffrer dès la connexion."),
    Variable("MAIL_USERNAME", "", "Compte sur ce serveur.", otherwise="sans compte"),
    Variable("MAIL_PASSWORD", "", "Mot de passe de ce compte.", otherwise="sans compte"),
    Variable(
        "MAIL_DEFAULT_SENDER",
        "",
        "Expéditeur des e-mails, par exemple « Service Enfance <enfance@ville.example> ». "
        "Obligatoire avec MAIL_SERVER.",
        otherwise="service@example.org",
    ),
    Variable(
        "MAIL_FOLDER",
        "",
        "Sans MAIL_SERVER, dossier où chaque e-mail devient un fichier .eml.",
        otherwise="MARELLE_HOME/mail",
    ),
)

SAME_EVERYWHERE: Mapping[str, Any] = {
    # Cookies: one for everything, out of reach of scripts, and not sent from another site's form.
    "SESSION_COOKIE_NAME": "marelle",
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "REMEMBER_COOKIE_HTTPONLY": True,
    "REMEMBER_COOKIE_SAMESITE": "Lax",
    "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
    # A page left open overnight can still be sent: its token lives as long as the login does.
    "WTF_CSRF_TIME_LIMIT": None,
    # A scanned document from a telephone fits; so does the day list of a large canteen as a form.
    "MAX_CONTENT_LENGTH": 16 * MEGABYTE,
    "MAX_FORM_MEMORY_SIZE": MEGABYTE // 2,
    "BABEL_DEFAULT_LOCALE": "fr",
    "BABEL_DEFAULT_TIMEZONE": "Europe/Paris",
    "LANGUAGES": {"fr": {"flag": "fr", "name": "Français"}},
    # Flask-AppBuilder: accounts in the database; tables and permissions come with migrations, not
    # with a start; none of its own pages, menus or API descriptions.
    "APP_NAME": "Marelle",
    "AUTH_TYPE": 1,
    "FAB_CREATE_DB": False,
    "FAB_UPDATE_PERMS": False,
    "FAB_ADD_SECURITY_VIEWS": False,
    "FAB_ADD_SECURITY_API": False,
    "FAB_ADD_OPENAPI_VIEWS": False,
    "FAB_ADD_MENU_API": False,
    "FAB_API_SWAGGER_UI": False,
    "FAB_API_SHOW_STACKTRACE": False,
    "FAB_API_MAX_PAGE_SIZE": 100,
    "FAB_ALLOW_GET_UNSAFE_MUTATIONS": False,
    # The login form counts its tries.
    "RATELIMIT_ENABLED": True,
    "AUTH_RATE_LIMITED": True,
    "AUTH_RATE_LIMIT": "10 per 20 second",
    "SQLALCHEMY_TRACK_MODIFICATIONS": False,
}


def settings(environ: Mapping[str, str]) -> dict[str, Any]:
    """What ``create_app`` takes, from an environment; raise ``BadSetting`` if no server can start with it.

    Creates MARELLE_HOME, readable by its owner alone, and on the first call the secret in it.
    """
    read = _Reader(environ)
    home = read.folder("MARELLE_HOME", ROOT / "var")
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"Le dossier MARELLE_HOME ({home}) ne se crée pas : {error.strerror}.") from error
    port = read.number("PORT", 1, 65535)
    public_url = read.web_address("PUBLIC_URL", f"http://127.0.0.1:{port}")
    secure = public_url.startswith("https://")
    demo = read.text("MARELLE_DEMO")
    return {
        **SAME_EVERYWHERE,
        **_database(read.text("DATABASE_URL"), home),
        **_mail(read, home),
        "MARELLE_HOME": str(home),
        "HOST": read.text("HOST"),
        "PORT": port,
        "WEB_CONCURRENCY": read.number("WEB_CONCURRENCY", 1, 64),
        "WEB_THREADS": read.number("WEB_THREADS", 1, 64),
        "PUBLIC_URL": public_url,
        "PREFERRED_URL_SCHEME": "https" if secure else "http",
        "SESSION_COOKIE_SECURE": secure,
        "REMEMBER_COOKIE_SECURE": secure,
        "TRUSTED_PROXIES": read.number("TRUSTED_PROXIES", 0, 9),
        "SECRET_KEY": _secret(read.text("MARELLE_SECRET"), home),
        "FILES_DIR": str(read.folder("FILES_DIR", home / "files")),
        "HUEY_PATH": str(read.folder("HUEY_PATH", home / "jobs.db")),
        "RATELIMIT_STORAGE_URI": read.text("RATELIMIT_STORAGE_URI") or f"attempts://{home / 'attempts.db'}",
        "MARELLE_DEMO": read.flag("MARELLE_DEMO") if demo else not secure,
        "MARELLE_RULEBOOK": str((ROOT / read.text("MARELLE_RULEBOOK")).resolve()),
    }


class _Reader:
    """The environment, seen through ``VARIABLES``: an undeclared name is a ``KeyError``."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._defaults = {one.name: one.default for one in VARIABLES}

    def text(self, name: str) -> str:
        """Its value without the spaces around; a variable set to nothing is not set."""
        return self._environ.get(name, "").strip() or self._defaults[name]

    def number(self, name: str, lowest: int, highest: int, default: int = 0) -> int:
        """A whole number in those bounds, both included."""
        told = self.text(name)
        if not told:
            return default
        if not told.isdecimal() or not lowest <= int(told) <= highest:
            raise BadSetting(f"{name} doit être un nombre de {lowest} à {highest}, pas « {told} ».")
        return int(told)

    def flag(self, name: str) -> bool:
        """1 or 0, in a few spellings."""
        told = self.text(name).lower()
        if told not in TRUE | FALSE:
            raise BadSetting(f"{name} doit être 1 ou 0, pas « {told} ».")
        return told in TRUE

    def folder(self, name: str, default: Path) -> Path:
        """An absolute path; a relative one starts where the server was started from."""
        told = self.text(name)
        return Path(told).expanduser().resolve() if told else default

    def web_address(self, name: str, default: str) -> str:
        """An http(s) address without its last slash."""
        told = (self.text(name) or default).rstrip("/")
        parts = urlsplit(told)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise BadSetting(f"{name} doit ressembler à https://famille.ville.example, pas à « {told} ».")
        return told


def _database(told: str, home: Path) -> dict[str, Any]:
    """The address SQLAlchemy understands, and the pool that suits it."""
    scheme, colon, rest = told.partition("://")
    if not told:
        return _sqlite(f"sqlite:///{home / 'marelle.db'}")
    if colon and scheme in {"postgres", "postgresql", "postgresql+psycopg"}:
        options = {"pool_size": 5, "max_overflow": 5, "pool_pre_ping": True, "pool_recycle": 1800}
        arguments = {"connect_timeout": 10, "application_name": "marelle"}
        return {
            "SQLALCHEMY_DATABASE_URI": f"postgresql+psycopg://{rest}",
            "SQLALCHEMY_ENGINE_OPTIONS": {**options, "connect_args": arguments},
        }
    if colon and scheme == "sqlite":
        path, question, query = rest.removeprefix("/").partition("?")
        if path and path != ":memory:" and rest.startswith("/"):
            # Made absolute here: Flask-SQLAlchemy would look for it in a folder of its own.
            told = f"sqlite:///{Path(path).resolve()}{question}{query}"
        return _sqlite(told)
    raise BadSetting(
        "DATABASE_URL doit commencer par sqlite:/// ou postgresql://, "
        f"pas par « {scheme if colon else told.split(':', 1)[0]} »."
    )


def _sqlite(address: str) -> dict[str, Any]:
    """``timeout``: seconds a writer waits for another."""
    return {
        "SQLALCHEMY_DATABASE_URI": address,
        "SQLALCHEMY_ENGINE_OPTIONS": {"connect_args": {"timeout": 15}},
    }


def _mail(read: _Reader, home: Path) -> dict[str, Any]:
    """An SMTP server, or a folder; never both."""
    server, sender = read.text("MAIL_SERVER"), read.text("MAIL_DEFAULT_SENDER")
    tls, ssl = read.flag("MAIL_USE_TLS"), read.flag("MAIL_USE_SSL")
    if tls and ssl:
        raise BadSetting("MAIL_USE_TLS et MAIL_USE_SSL s’excluent : choisissez celui de votre serveur.")
    if server and not sender:
        raise BadSetting("MAIL_SERVER est donné sans MAIL_DEFAULT_SENDER : qui écrit aux familles ?")
    usual_port = 587 if tls else 465 if ssl else 25
    return {
        "MAIL_SERVER": server or None,
        "MAIL_PORT": read.number("MAIL_PORT", 1, 65535, usual_port),
        "MAIL_USE_TLS": tls,
        "MAIL_USE_SSL": ssl,
        "MAIL_USERNAME": read.text("MAIL_USERNAME") or None,
        "MAIL_PASSWORD": read.text("MAIL_PASSWORD") or None,
        "MAIL_DEFAULT_SENDER": sender or "service@example.org",
        "MAIL_FOLDER": None if server else str(read.folder("MAIL_FOLDER", home / "mail")),
    }


def _secret(told: str, home: Path) -> str:
    """The secret told, else the one kept in that folder, drawn the first time; 0600.

    Two processes that start together agree: a link to a file is made once or not at all.
    """
    if told:
        if len(told) < SHORTEST_SECRET:
            raise BadSetting(f"MARELLE_SECRET est trop court : {SHORTEST_SECRET} caractères au moins.")
        return told
    kept = home / "secret"
    try:
        if not kept.exists():
            draft = home / f"secret.{os.getpid()}"
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
            try:
                os.link(draft, kept)
            except FileExistsError:
                pass  # somebody drew it in between
            finally:
                draft.unlink()
        secret = kept.read_text().strip()
    except OSError as error:
        raise BadSetting(f"La clé secrète ({kept}) ne se lit pas : {error.strerror}.") from error
    if len(secret) < SHORTEST_SECRET:
        raise BadSetting(f"Le fichier {kept} est vide ou abîmé : restaurez-le, ou effacez-le.")
    return secret

"""A new machine, the settings, the start and the stop; and the real parts that other tests stand on."""

import ast
import http.client
import importlib.util
import json
import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page

import config
import run
from config import BadSetting, settings
from tests.support import free_port, network, wait_until
from tests.support.browser import axe, open_window
from tests.support.place import STUB, Place
from tests.support.postgres import Cluster
from tests.support.smtp import Listener, text_of

# Settings ------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def told(home: Path, **environ: str) -> dict[str, Any]:
    return settings({"MARELLE_HOME": str(home), **environ})


def test_with_nothing_set_everything_lies_in_one_folder_and_answers_this_machine_alone(home: Path) -> None:
    read = told(home)
    assert read["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{home}/marelle.db"
    assert (read["HOST"], read["PORT"], read["PUBLIC_URL"]) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert all(read[name].startswith(str(home)) for name in ("FILES_DIR", "HUEY_PATH", "MAIL_FOLDER"))
    assert home.stat().st_mode & 0o777 == 0o700


def test_the_default_home_is_beside_the_program_wherever_one_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    reader = config._Reader({})
    assert reader.folder("MARELLE_HOME", config.ROOT / "var") == config.ROOT / "var"


def test_the_secret_is_drawn_once_and_kept_for_the_owner_alone(home: Path) -> None:
    first = told(home)["SECRET_KEY"]
    assert len(first) >= 48
    assert told(home)["SECRET_KEY"] == first
    assert (home / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir()] == ["secret"], "no draft is left behind"


def test_a_secret_of_fifteen_characters_is_refused_and_one_of_sixteen_is_taken(home: Path) -> None:
    with pytest.raises(BadSetting, match="trop court"):
        told(home, MARELLE_SECRET="x" * 15)
    assert told(home, MARELLE_SECRET="x" * 16)["SECRET_KEY"] == "x" * 16
    assert not (home / "secret").exists()


def test_an_emptied_secret_is_not_taken_for_a_secret(home: Path) -> None:
    home.mkdir()
    (home / "secret").touch()
    with pytest.raises(BadSetting, match="abîmé"):
        told(home)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_leads_to_the_same_driver(home: Path, scheme: str) -> None:
    read = told(home, DATABASE_URL=f"{scheme}://me:p%40ss@db.example:5433/town")
    assert read["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg://me:p%40ss@db.example:5433/town"
    assert read["SQLALCHEMY_ENGINE_OPTIONS"]["pool_pre_ping"] is True


def test_a_relative_sqlite_path_starts_where_one_stands(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home.parent)
    uri = told(home, DATABASE_URL="sqlite:///town.db")["SQLALCHEMY_DATABASE_URI"]
    assert uri == f"sqlite:///{home.parent}/town.db"
    assert told(home, DATABASE_URL=uri)["SQLALCHEMY_DATABASE_URI"] == uri


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "huit mille"),
        ("TRUSTED_PROXIES", "-1"),
        ("WEB_CONCURRENCY", "0"),
        ("MAIL_USE_TLS", "peut-être"),
        ("PUBLIC_URL", "famille.ville.example"),
        ("PUBLIC_URL", "ftp://famille.ville.example"),
        ("DATABASE_URL", "mysql://town"),
        ("DATABASE_URL", "/srv/town.db"),
        ("MARELLE_DEMO", "démo"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_a_sentence_that_names_it(
    home: Path, name: str, value: str
) -> None:
    with pytest.raises(BadSetting, match=name):
        told(home, **{name: value})


def test_a_password_in_the_database_address_is_not_repeated_in_the_refusal(home: Path) -> None:
    with pytest.raises(BadSetting) as refused:
        told(home, DATABASE_URL="mysql://me:s3cret@db/town")
    assert "s3cret" not in str(refused.value)


def test_an_https_address_hardens_cookies_and_loads_no_demonstration(home: Path) -> None:
    plain, hard = told(home), told(home, PUBLIC_URL="https://famille.ville.example/")
    assert (plain["SESSION_COOKIE_SECURE"], plain["MARELLE_DEMO"]) == (False, True)
    assert (hard["SESSION_COOKIE_SECURE"], hard["MARELLE_DEMO"]) == (True, False)
    assert hard["PUBLIC_URL"] == "https://famille.ville.example"
    assert told(home, PUBLIC_URL="https://famille.ville.example", MARELLE_DEMO="oui")["MARELLE_DEMO"] is True


def test_mail_goes_to_a_server_or_to_a_folder_never_both(home: Path) -> None:
    with pytest.raises(BadSetting, match="MAIL_DEFAULT_SENDER"):
        told(home, MAIL_SERVER="smtp.ville.example")
    read = told(
        home, MAIL_SERVER="smtp.ville.example", MAIL_DEFAULT_SENDER="a@ville.example", MAIL_USE_TLS="1"
    )
    assert (read["MAIL_FOLDER"], read["MAIL_PORT"]) == (None, 587)
    assert told(home)["MAIL_SERVER"] is None
    with pytest.raises(BadSetting, match="MAIL_USE_SSL"):
        told(home, MAIL_USE_TLS="1", MAIL_USE_SSL="1")


def test_every_variable_is_read_and_says_in_french_what_it_does() -> None:
    source = (config.ROOT / "config.py").read_text() + (config.ROOT / "app/services/clock.py").read_text()
    for one in config.VARIABLES:
        assert len(re.findall(rf"\b{one.name}\b", source)) > 1, f"{one.name} is declared and never read"
        assert one.says.endswith("."), one.name
        assert bool(one.default) != bool(one.otherwise), f"{one.name}: one default, in figures or in words"


# A new machine -------------------------------------------------------------------------------


@pytest.fixture
def prepare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prepare", config.ROOT / "scripts" / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("version", "suits"),
    [((3, 10, 9), False), ((3, 11, 0), True), ((3, 13, 9), True), ((3, 14, 0), False), ((4, 0), False)],
)
def test_pythons_3_11_to_3_13_suit(prepare: ModuleType, version: tuple[int, ...], suits: bool) -> None:
    assert prepare.suits(version) is suits


def test_an_old_python_can_read_the_script_that_tells_it_so(prepare: ModuleType) -> None:
    source = (config.ROOT / "scripts" / "prepare.py").read_text()
    ast.parse(source, feature_version=(3, 6))
    assert "Python 3.9" in prepare.old_python((3, 9, 2))


def test_without_root_the_one_line_to_type_is_said(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = [("libpango-1.0-0", "factures", lambda: False), ("chromium", "essais", lambda: False)]
    monkeypatch.setattr(prepare, "parts", lambda mode: [*missing, ("postgresql", "essais", lambda: True)])
    monkeypatch.setattr(prepare.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(prepare.os, "geteuid", lambda: 1000)
    with pytest.raises(prepare.Stuck, match=r"sudo apt-get install .* libpango-1.0-0 chromium$"):
        prepare.bring("test")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose locks ask for nothing: real environments, no download."""
    (tmp_path / "requirements.lock").write_text("# nothing\n")
    (tmp_path / "requirements-dev.lock").write_text("# nothing more\n")
    return tmp_path


@pytest.mark.slow
def test_an_environment_is_made_once_and_again_when_a_lock_changes_or_an_install_was_cut_short(
    prepare: ModuleType, folder: Path
) -> None:
    environment = prepare.Environment(folder)
    assert environment.misses("run") == "all"
    environment.fill("run")
    assert environment.misses("run") is None
    assert environment.misses("test") == "test"
    environment.fill("test")
    assert environment.misses("test") is None
    assert environment.misses("run") is None

    (folder / "requirements-dev.lock").write_text("# something else\n")
    assert (environment.misses("run"), environment.misses("test")) == (None, "all")
    (folder / "requirements.lock").write_text("# something else\n")
    assert environment.misses("run") == "all"

    leftover = environment.folder / "half-written"
    leftover.touch()
    environment.stamp.write_text('{"python": ')
    environment.fill("run")
    assert environment.misses("run") is None
    assert not leftover.exists()


@pytest.mark.slow
def test_an_install_that_fails_leaves_no_stamp(prepare: ModuleType, folder: Path) -> None:
    (folder / "requirements.lock").write_text("no-such-thing @ file:///nowhere.whl\n")
    environment = prepare.Environment(folder)
    with pytest.raises(prepare.Stuck, match="relancez"):
        environment.fill("run")
    assert environment.misses("run") == "all"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_hold_versions_and_hashes_and_no_address(name: str) -> None:
    lines = (config.ROOT / name).read_text().splitlines()
    assert [line for line in lines if "://" in line or line.startswith("-")] == []
    packages = [line for line in lines if re.match(r"[a-z0-9]", line)]
    assert len(packages) > 50
    assert [line for line in packages if not re.fullmatch(r"[a-z0-9._-]+==\S+ \\", line)] == []


def test_the_test_lock_holds_the_runtime_lock() -> None:
    def versions(name: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", (config.ROOT / name).read_text(), re.MULTILINE))

    assert versions("requirements.lock") - versions("requirements-dev.lock") == set()


def test_every_library_asked_for_is_locked() -> None:
    locked = (config.ROOT / "requirements-dev.lock").read_text()
    for name in ("requirements.in", "requirements-dev.in"):
        for asked in re.findall(r"^[a-z][a-z0-9.-]*", (config.ROOT / name).read_text(), re.MULTILINE):
            assert re.search(rf"^{asked.replace('.', '-')}==", locked, re.MULTILINE), f"make lock: {asked}"


# Start and stop ------------------------------------------------------------------------------


def test_importing_run_loads_no_application() -> None:
    program = "import sys, run; sys.exit('app' in sys.modules or 'flask' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], cwd=config.ROOT, check=True)


def test_a_taken_port_is_told_with_another_to_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(run.CannotStart, match=f"{port} est déjà pris"):
            run.check_port("127.0.0.1", port)
    run.check_port("127.0.0.1", port)


def test_a_database_that_does_not_open_is_told_without_its_password(home: Path) -> None:
    closed = free_port()
    read = told(home, DATABASE_URL=f"postgres://me:s3cret@127.0.0.1:{closed}/town")
    with pytest.raises(run.CannotStart, match="ne s’ouvre pas") as refused:
        run.revisions(read)
    assert "s3cret" not in str(refused.value)
    assert "127.0.0.1" in str(refused.value)


def test_a_file_that_is_no_database_is_told(home: Path) -> None:
    read = told(home)
    (home / "marelle.db").write_text("not a database, but longer than the header of one would be" * 20)
    with pytest.raises(run.CannotStart, match="ne s’ouvre pas"):
        run.revisions(read)


def test_two_servers_never_share_a_home(home: Path) -> None:
    read = told(home)
    with run.take_home(read), pytest.raises(run.CannotStart, match="tourne déjà"):
        run.take_home(read)
    run.take_home(read).close()


def test_the_table_lines_up_and_shows_one_account_a_role() -> None:
    accounts = [
        {"role": "Parent", "email": "a"},
        {"role": "Agent", "email": "b"},
        {"role": "Parent", "email": "c"},
    ]
    assert [one["email"] for one in run.one_a_role(accounts)] == ["a", "b"]
    drawn = run.table([["Rôle", "E-mail"], ["Secrétariat", "a@example.org"]])
    assert len({len(line) for line in drawn.splitlines()}) == 1
    assert drawn.splitlines()[3] == "│ Secrétariat │ a@example.org │"


def test_a_long_log_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "LOG_LIMIT_BYTES", 10)
    log = tmp_path / "web.log"
    for line in (b"0123456789", b"x", b"y"):
        with run.open_log(log) as out:
            out.write(line)
    assert (tmp_path / "web.1.log").read_bytes() == b"0123456789x"
    assert log.read_bytes() == b"y"


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def child(tmp_path: Path, program: str) -> run.Child:
    return run.Child("Le serveur", python(program), os.environ, tmp_path / "child.log")


def process_of(kept: run.Child) -> "subprocess.Popen[bytes]":
    assert kept.process is not None
    return kept.process


def test_a_child_that_dies_is_started_again_later_and_later(tmp_path: Path) -> None:
    kept = child(tmp_path, "raise SystemExit(3)")
    kept.start()
    waits = []
    for _ in range(3):
        process_of(kept).wait()
        kept.look_after()
        waits.append(round(kept.start_again_at - time.monotonic()))
        kept.start_again_at = 0
        kept.look_after()
    assert waits == [1, 2, 4]
    process_of(kept).wait()


def test_a_child_that_will_not_stop_is_ended_with_its_own_children(tmp_path: Path) -> None:
    stubborn = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "below = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(below.pid, flush=True); time.sleep(60)"
    )
    kept = child(tmp_path, stubborn)
    kept.start()
    below = int(wait_until(lambda: kept.log.read_text().strip(), "the child's child"))
    kept.ask_to_stop()
    kept.stop(time.monotonic() + 0.3)
    assert process_of(kept).returncode == -signal.SIGKILL
    wait_until(lambda: gone(below), "the child's child ended")


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def living_child(parent: "subprocess.Popen[str]", pid: int) -> int | None:
    """``pid`` where it is a child of ``parent`` that runs, not a dead one awaiting burial."""
    try:
        state, of = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except FileNotFoundError:
        return None
    return pid if state != "Z" and int(of) == parent.pid else None


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)


def test_a_first_start_fills_an_empty_database_and_the_second_only_starts(place: Place) -> None:
    first = place.run()
    printed = place.ready(first)
    assert f"http://127.0.0.1:{place.port}" in printed
    assert re.search(r"│ Parent +│ p@example.org +│ marelle +│ Martin +│", printed)
    assert place.calls() == ["rulebook apply", "demo load", "worker run"]
    pids = place.gunicorn_pid(), place.worker_pid()
    first.send_signal(signal.SIGINT)
    assert first.communicate(timeout=30)[0].strip() == "Marelle est arrêtée."
    assert first.returncode == 0
    assert all(gone(pid) for pid in pids)

    (place.home / "worker.pid").unlink()
    began = time.monotonic()
    second = place.run()
    assert "mise à jour" not in place.ready(second)
    assert time.monotonic() - began < 15
    assert place.calls()[3:] == ["worker run"]


@pytest.mark.slow
def test_a_first_start_cut_short_is_taken_up_again(place: Place) -> None:
    failed = place.run("prepare", STUB_DEMO_FAILS="1")
    printed = failed.communicate(timeout=60)[0]
    assert failed.returncode == 1
    assert "La démonstration ne se charge pas" in printed
    assert "the demonstration fails" in printed, "the end of the log is shown"
    assert place.run("prepare").wait(60) == 0
    assert place.calls() == ["rulebook apply", "demo load"] * 2
    assert place.run("prepare").wait(60) == 0
    assert len(place.calls()) == 4, "the third time, nothing is left to do"


def test_a_start_without_demonstration_applies_the_rulebook_alone(place: Place) -> None:
    assert place.run("prepare", MARELLE_DEMO="0").wait(60) == 0
    assert place.calls() == ["rulebook apply"]
    assert not (place.home / "demo-accounts.json").exists()


@pytest.mark.slow
def test_a_database_already_lived_in_gets_no_demonstration_in_a_new_home(place: Place) -> None:
    town = f"sqlite:///{place.folder}/town.db"
    assert place.run("prepare", MARELLE_DEMO="0", DATABASE_URL=town).wait(60) == 0
    other = place.folder / "elsewhere"
    assert place.run("prepare", DATABASE_URL=town, MARELLE_HOME=str(other)).wait(60) == 0
    assert not (other / "calls").exists()


@pytest.mark.slow
def test_a_database_of_a_later_version_is_left_alone(place: Place) -> None:
    assert place.run("prepare").wait(60) == 0
    (place.folder / "migrations/versions/0001.py").write_text(
        STUB["migrations/versions/0001.py"].replace("0001", "0000")
    )
    refused = place.run("prepare")
    assert "plus récente" in refused.communicate(timeout=60)[0]
    assert refused.returncode == 1


def test_a_start_on_a_taken_port_ends_with_a_sentence(place: Place) -> None:
    with socket.create_server(("127.0.0.1", place.port)):
        refused = place.run()
        printed = refused.communicate(timeout=60)[0]
    assert refused.returncode == 1
    assert "déjà pris" in printed
    assert "Traceback" not in printed


@pytest.mark.slow
def test_whichever_process_dies_is_replaced_and_none_outlives_the_supervisor(place: Place) -> None:
    supervisor = place.run()
    place.ready(supervisor)
    web, worker = place.gunicorn_pid(), place.worker_pid()

    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: place.worker_pid() != worker, "another worker", timeout=60)
    os.kill(web, signal.SIGKILL)
    # For a moment, the dead one's own child (whose parent is now another) may still answer.
    wait_until(lambda: gone(web), "the web server is dead")
    web = wait_until(lambda: living_child(supervisor, place.gunicorn_pid()), "another web server", timeout=60)
    worker = place.worker_pid()
    supervisor.kill()
    wait_until(lambda: gone(web) and gone(worker), "both gone with their parent", timeout=60)


@pytest.mark.slow
def test_a_server_that_cannot_start_says_why(place: Place) -> None:
    assert place.run("prepare").wait(60) == 0
    (place.folder / "app/__init__.py").write_text("raise RuntimeError('broken on purpose')")
    refused = place.run()
    printed = refused.communicate(timeout=60)[0]
    assert refused.returncode == 1
    assert "ne démarre pas" in printed
    assert "broken on purpose" in printed


# The real parts ------------------------------------------------------------------------------


def test_no_test_reaches_beyond_this_machine() -> None:
    with socket.socket() as reaching, pytest.raises(network.NetworkRefused, match=r"192\.0\.2\.1"):
        reaching.connect(("192.0.2.1", 80))
    with pytest.raises(network.NetworkRefused, match=r"example\.org"):
        http.client.HTTPConnection("example.org", timeout=1).request("GET", "/")


@pytest.mark.parametrize(
    ("host", "near"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("10.0.0.1", False)],
)
def test_this_machine_is_told_from_others(host: str, near: bool) -> None:
    assert network.is_near(host) is near


def test_each_module_has_a_postgresql_database_of_its_own(
    postgres_url: str, postgres_cluster: Cluster
) -> None:
    address = settings_address(postgres_url)
    with psycopg.connect(address, autocommit=True) as connection:
        assert connection.execute(
            "select count(*) from pg_tables where schemaname = 'public'"
        ).fetchone() == (0,)
        connection.execute("create table ours (name text)")
    with postgres_cluster.database("another") as url, psycopg.connect(settings_address(url)) as connection:
        assert connection.execute("select to_regclass('ours')").fetchone() == (None,)
    with postgres_cluster.connect() as connection:
        assert connection.execute("select 1 from pg_database where datname = 'another'").fetchone() is None


def settings_address(url: str) -> str:
    """As libpq reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def test_a_cluster_leaves_with_the_run_that_made_it(tmp_path: Path) -> None:
    program = (
        "import sys, os; from pathlib import Path; from tests.support.postgres import cluster;"
        "print(cluster(Path(sys.argv[1])).folder, flush=True); os._exit(9)"
    )
    environ = {name: value for name, value in os.environ.items() if name != "PYTEST_XDIST_WORKER"}
    done = subprocess.run(
        [*python(program), str(tmp_path)],
        cwd=config.ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 9, done.stderr
    made = Path(done.stdout.strip())
    assert made.name.startswith("marelle-pg-")
    wait_until(lambda: not made.exists(), "the cluster's folder erased", timeout=60)


def mail(to: str, subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "service@example.org", to, subject
    message.set_content("Bonjour, voici une réponse accentuée.")
    return message


def test_mail_sent_is_mail_kept(smtp: Listener) -> None:
    with smtplib.SMTP("127.0.0.1", smtp.port) as sender:
        sender.send_message(mail("claire@example.org", "Réservations de septembre"))
        sender.send_message(mail("denis@example.org", "Facture"))
    kept = smtp.wait_for(to="claire@example.org", subject="septembre")
    assert "accentuée" in text_of(kept)
    assert len(smtp.to("denis@example.org")) == 1
    with pytest.raises(AssertionError, match="no mail to claire"):
        smtp.wait_for(to="claire@example.org", subject="Facture", timeout=0.1)


def test_a_listener_may_refuse_first_and_take_later(smtp: Listener) -> None:
    smtp.refuse_next()
    with smtplib.SMTP("127.0.0.1", smtp.port) as sender:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            sender.send_message(mail("claire@example.org", "Facture"))
        assert refused.value.smtp_code == 451
        sender.send_message(mail("claire@example.org", "Facture"))
    assert len(smtp.messages) == 1


GOOD_PAGE = """<!doctype html><html lang="fr"><head><title>Bonjour</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>Bonjour</h1><p>Une page.</p></main></body></html>"""


def test_the_browser_is_a_french_telephone_or_a_desk(browser_page: Callable[..., Page]) -> None:
    for screen, width in (("phone", 390), ("desk", 1280)):
        page = browser_page(screen)
        page.set_content(GOOD_PAGE)
        seen = page.evaluate(
            "[innerWidth, navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone]"
        )
        assert seen == [width, "fr-FR", "Europe/Paris"]
        axe(page)


def test_a_page_that_shuts_people_out_fails(browser_page: Callable[..., Page]) -> None:
    page = browser_page()
    page.set_content(
        GOOD_PAGE.replace("<p>Une page.</p>", '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">')
    )
    with pytest.raises(AssertionError, match="image-alt"):
        axe(page)
    axe(page, leave_out={"image-alt": "the picture of this test has no meaning"})


BLOCKED = """<meta http-equiv="Content-Security-Policy" content="script-src 'none'"><script>1</script>"""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("<script>throw new Error('broken on purpose')</script>", "broken on purpose"),
        ("<script>console.error('a complaint')</script>", "a complaint"),
        (BLOCKED, "Content Security Policy"),
        ("<img src='http://example.org/x.png' alt=''>", "elsewhere: http://example.org/x.png"),
    ],
)
def test_whatever_goes_wrong_in_the_browser_fails_the_test(browser: Any, wrong: str, said: str) -> None:
    window = open_window(browser, "phone", None, ())
    page = window.context.new_page()
    page.set_content(GOOD_PAGE.replace("<main>", f"<main>{wrong}"))
    with pytest.raises(AssertionError, match=said):
        window.close()


def test_what_a_test_expects_to_go_wrong_does_not_fail_it(browser_page: Callable[..., Page]) -> None:
    page = browser_page(expected=("a complaint",))
    page.set_content(GOOD_PAGE.replace("<main>", "<main><script>console.error('a complaint')</script>"))


# The floors ----------------------------------------------------------------------------------


def test_the_rules_import_the_standard_library_alone() -> None:
    for path in sorted((config.ROOT / "app" / "rules").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                allowed = name.split(".")[0] in sys.stdlib_module_names or name.startswith("app.rules")
                assert allowed, f"{path.relative_to(config.ROOT)} imports {name}"


def test_accounts_listed_are_json_that_the_start_can_read(home: Path) -> None:
    read = told(home)
    rows = [{"role": "Parent", "email": "p@example.org", "password": "x", "family": None}]
    (home / "demo-accounts.json").write_text(json.dumps(rows))
    assert "│ Parent │ p@example.org │ x            │         │" in run.welcome(read)

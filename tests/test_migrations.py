"""The database's history: it makes what the entities declare, up and down, on both engines."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import JSON, MetaData, Table, column, create_engine, inspect, select, table

from app import create_app
from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Entity
from app.models import Period, RefusedRequest, Rule
from app.rules.registry import build, kinds
from tests.people import settings_for
from tests.support.postgres import Cluster

RULES = table("rule", column("code"), column("parameters", JSON()))


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application over a database without a table: one of its own, whatever an earlier test left."""
    settings: dict[str, Any] = settings_for(tmp_path)
    if request.param == "sqlite":
        yield create_app(settings)
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    with cluster.database(f"history_{uuid4().hex[:8]}") as url:
        yield create_app({**settings, "SQLALCHEMY_DATABASE_URI": url})


def tables(flask_app: Flask) -> set[str]:
    """The tables there are, Alembic's own left out."""
    engine = create_engine(flask_app.config["SQLALCHEMY_DATABASE_URI"])
    try:
        return set(inspect(engine).get_table_names()) - {"alembic_version"}
    finally:
        engine.dispose()


@pytest.mark.slow
def test_the_history_makes_what_is_declared_and_takes_it_away_again(bare: Flask) -> None:
    with bare.app_context():
        upgrade()
        assert tables(bare) == set(Entity.metadata.tables)
        with db.engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": False, "target_metadata": Entity.metadata}
            )
            assert compare_metadata(context, Entity.metadata) == []
        downgrade(revision="base")
        assert tables(bare) == set()
        upgrade()
        assert tables(bare) == set(Entity.metadata.tables)
        db.session.remove()
        db.engine.dispose()


@pytest.mark.slow
def test_rules_written_by_a_newer_code_are_read_by_the_older_one(bare: Flask) -> None:
    """0009 down: what can be said is said otherwise, what can't goes; up again, the notice is as it was."""
    written = {
        "a": (
            "notice",
            {"days": 2, "counted": "clear", "if_closed": "school", "late": "surcharge", "times": 2},
        ),
        "b": ("count", {"minimum": 3}),
        "c": ("requires", {"unit": "x.y", "needs": ["x.z"], "how_many": "all"}),
        "d": ("requires", {"unit": "x.y", "needs": ["x.z"], "how_many": "one"}),
    }
    with bare.app_context():
        upgrade()
        with unscoped("des règles"):
            only = {"residence": ["outside"]}  # the older code would hold it for everybody
            db.session.add(Rule(code="e", rule_kind="capacity", parameters={"places": 2}, who=only))
            for code, (kind, parameters) in written.items():
                db.session.add(Rule(code=code, rule_kind=kind, parameters=parameters))
            db.session.commit()
        db.session.remove()
        downgrade(revision="0008")
        with db.engine.connect() as connection:
            found = dict(connection.execute(select(RULES.c.code, RULES.c.parameters)).tuples().all())
        assert found == {
            "a": {"days": 3, "counted": "calendar", "if_holiday": "earlier", "late": "ask_staff"},
            "c": {"unit": "x.y", "needs": ["x.z"]},
        }
        upgrade()
        with unscoped("la même"):
            again = db.session.scalars(select(Rule).where(Rule.code == "a")).one()
            assert again.parameters["if_closed"] == "earlier" and build("notice", again.parameters).rule
        db.session.remove()
        db.engine.dispose()


@pytest.mark.slow
def test_rules_of_0012_are_gone_or_said_as_before_it(bare: Flask) -> None:
    """0012 down: sorts and parameters that the older code does not know; stripped, a rule is stricter."""
    written: dict[str, tuple[str, dict[str, Any]]] = {
        "a": ("capacity", {"places": 48, "overflow": 10, "overflow_per": "week", "pending": "free"}),
        "b": ("capacity", {"places": 48, "when_full": "ask_staff"}),
        "c": ("capacity", {"when_full": "refused"}),
        "d": ("count", {"minimum": 3, "late": "surcharge"}),
        "e": ("priority", {"rank": 1}),
        "f": ("custody", {}),
        "g": ("staff_ratio", {"adults": 2, "under_six": 8, "six_plus": 12}),
        "h": ("same_each_day", {}),
        "i": ("registration", {"starts": "next_month"}),
        "j": ("minimum", {"least": 3}),
        "k": ("window_monthly", dict(kinds()["window_monthly"].example)),
        "l": ("window", {**kinds()["window"].example, "again": "jeudi"}),
    }
    with bare.app_context():
        upgrade()
        with unscoped("des règles"):
            for code, (kind, parameters) in written.items():
                assert build(kind, parameters).rule is not None, code
                db.session.add(Rule(code=code, rule_kind=kind, parameters=parameters))
            db.session.commit()
        db.session.remove()
        downgrade(revision="0011")
        with db.engine.connect() as connection:
            found = dict(connection.execute(select(RULES.c.code, RULES.c.parameters)).tuples().all())
        assert found == {
            "a": {"places": 48},
            "b": {"places": 48, "when_full": "waiting"},
            "c": {"when_full": "refused"},
            "d": {"minimum": 3},
            "l": kinds()["window"].example,
        }
        upgrade()
        db.session.remove()
        db.engine.dispose()


@pytest.mark.slow
def test_refusals_kept_before_0015_take_the_activity_of_their_first_square(bare: Flask) -> None:
    """What else was asked goes with what was said of it; a row whose activity is no more is deleted."""
    asked = {
        "two": ["garde.matin 2026-12-09", "etude.soir 2026-12-10"],
        "gone": ["fermee.matin 2026-12-09"],
        "none": [],
    }
    moment = datetime(2026, 12, 1, tzinfo=UTC)
    with bare.app_context():
        upgrade(revision="0014")
        with db.engine.begin() as connection:

            def add(name: str, /, **values: Any) -> int:
                made = Table(name, MetaData(), autoload_with=connection)
                row = connection.execute(made.insert().values(**values).returning(made.c.id))
                return int(row.scalar_one())

            facility = add(
                "facility", code="f", name="F", facility_kind="leisure", collected_by="town",
                offers_direct_debit=False,
            )  # fmt: skip
            number = {
                code: add(
                    "activity", code=code, name=code, facility_id=facility, accepts_alone=True,
                    confirms_alone=True, is_bookable=True, absence_is_billed=True, position=0,
                )
                for code in ("etude", "garde")
            }  # fmt: skip
            family = add("family", name="Martin", residence="resident")
            child = add("person", first_name="Lila", last_name="Martin")
            add("rule", code="dette", rule_kind="no_debt", parameters={})
            add("rule", code="pai", rule_kind="notice", parameters={"days": 2}, who={"traits": ["x"]})
            for digest, squares in asked.items():
                said: list[dict[str, Any]] = [
                    {"rule": rule, "severity": "refused", "squares": of, "sentence": told, "article": None}
                    for rule, of, told in (
                        ("dette", squares, "Il reste 12,00 € à payer sur des factures échues. Réglez-les."),
                        ("pai", squares[:1], "trop tard"),
                        ("autre", squares[1:], "complet"),
                    )
                ]
                rules: list[dict[str, Any]] = [
                    {"code": one, "sentence": one, "limits": []} for one in ("dette", "pai", "autre")
                ]
                trace = {
                    "adds": squares,
                    "drops": [],
                    "child": {"groups": ["x"]},
                    "said": said,
                    "rules": rules,
                }
                add(
                    "refused_request", family_id=family, child_id=child, refused_at=moment, digest=digest,
                    sentence="\n".join(one["sentence"] for one in said), trace=trace,
                )  # fmt: skip
        upgrade()
        with unscoped("ce qui reste"):
            (row,) = db.session.scalars(select(RefusedRequest))
            assert (row.digest, row.activity_id) == ("two", number["garde"])
            assert row.trace["adds"] == asked["two"][:1]
            assert [one["rule"] for one in row.trace["said"]] == ["dette", "pai"]
            assert [(one["code"], one["traits"]) for one in row.trace["rules"]] == [
                ("dette", []),
                ("pai", ["x"]),
            ]
            assert row.sentence == (
                "Des factures échues restent à payer. Réglez-les.\nUne règle dont le détail n’est pas montré."
            )
        db.session.remove()
        downgrade(revision="0014")
        upgrade()
        with unscoped("rien ne reste"):
            assert db.session.scalars(select(RefusedRequest)).all() == []
        db.session.remove()
        db.engine.dispose()


@pytest.mark.slow
def test_periods_written_twice_before_0016_are_one_and_no_day_is_lost(bare: Flask) -> None:
    """The longest of those that begin on one day of one year; another year keeps its own."""
    summer, term = date(2023, 9, 1), date(2023, 9, 4)
    written = [
        (1, summer, date(2023, 9, 2)),
        (1, summer, date(2023, 9, 3)),
        (1, summer, date(2023, 9, 3)),
        (1, term, date(2023, 10, 20)),
        (2, summer, date(2023, 9, 3)),
    ]
    with bare.app_context():
        upgrade(revision="0015")
        with db.engine.begin() as connection:
            made = {
                name: Table(name, MetaData(), autoload_with=connection) for name in ("school_year", "period")
            }
            for number in (1, 2):
                values = {
                    "id": number,
                    "code": str(number),
                    "starts_on": summer,
                    "ends_on": date(2024, 8, 31),
                }
                connection.execute(made["school_year"].insert().values(**values))
            for year_id, starts_on, ends_on in written:
                connection.execute(
                    made["period"]
                    .insert()
                    .values(
                        school_year_id=year_id,
                        name="x",
                        period_kind="holidays",
                        starts_on=starts_on,
                        ends_on=ends_on,
                    )
                )
        upgrade()
        with unscoped("ce qui reste"):
            found = db.session.execute(
                select(Period.id, Period.school_year_id, Period.starts_on, Period.ends_on).order_by(Period.id)
            )
            assert [tuple(one) for one in found] == [(2, *written[1]), (4, *written[3]), (5, *written[4])]
        db.session.remove()
        downgrade(revision="0015")
        upgrade()
        db.session.remove()
        db.engine.dispose()

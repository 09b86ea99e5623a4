"""the activity of each refused request, and what of it everybody who cares for the child may know

Revises: 0014
"""

import re
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

REFUSED = sa.table(
    "refused_request",
    sa.column("id", sa.Integer),
    sa.column("activity_id", sa.Integer),
    sa.column("sentence", sa.Text),
    sa.column("trace", sa.JSON()),
)
ACTIVITY = sa.table("activity", sa.column("id", sa.Integer), sa.column("code", sa.String))
RULE = sa.table(
    "rule",
    sa.column("code", sa.String),
    sa.column("rule_kind", sa.String),
    sa.column("parameters", sa.JSON()),
    sa.column("who", sa.JSON()),
    sa.column("unless", sa.JSON()),
)
DEBT = re.compile(r"Il reste .+? à payer sur des factures échues\.")
DISCREET = "Des factures échues restent à payer."
UNTOLD = "Une règle dont le détail n’est pas montré."
FACTS = {"residence": "residence", "levels": "level", "groups": "groups"}
BY_KIND = {"age": "born_on", "custody": "custody"}
ALWAYS = ("capacity",)
UNIQUE = "uq_refused_request_family_id_child_id"


def upgrade() -> None:
    """A row takes the activity of its first square, and keeps what is said of it; one whose activity can't
    be told is deleted.
    """
    with op.batch_alter_table("refused_request") as changed:
        changed.add_column(sa.Column("activity_id", sa.Integer(), nullable=True))
    connection = op.get_bind()
    activities = {code: number for number, code in connection.execute(sa.select(ACTIVITY))}
    rules = {code: _told_by(*rest) for code, *rest in connection.execute(sa.select(RULE))}
    for number, _, _, trace in connection.execute(sa.select(REFUSED)).all():
        first = next(iter([*trace.get("adds", ()), *trace.get("drops", ())]), "")
        code = first.partition(".")[0]
        kept = _narrowed(trace, code, rules)
        if code not in activities or not kept["said"]:
            op.execute(sa.delete(REFUSED).where(REFUSED.c.id == number))
            continue
        told = [
            UNTOLD if _is_told_apart(rules, one["rule"]) else one["discreet"] or one["sentence"]
            for one in kept["said"]
            if one["severity"] == "refused"
        ]
        values = {"activity_id": activities[code], "trace": kept, "sentence": "\n".join(dict.fromkeys(told))}
        op.execute(sa.update(REFUSED).where(REFUSED.c.id == number).values(**values))
    with op.batch_alter_table("refused_request") as changed:
        changed.alter_column("activity_id", existing_type=sa.Integer(), nullable=False)
        changed.create_foreign_key(
            "fk_refused_request_activity_id", "activity", ["activity_id"], ["id"], ondelete="CASCADE"
        )
        changed.create_index("ix_refused_request_activity_id", ["activity_id"])
        changed.drop_constraint(f"{UNIQUE}_digest", type_="unique")
        changed.create_unique_constraint(
            f"{UNIQUE}_activity_id_digest", ["family_id", "child_id", "activity_id", "digest"]
        )


def downgrade() -> None:
    # The older code reads neither the rights nor the activity: what a request of two activities left twice
    # may go, and so may all of what could now be read by others.
    op.execute(sa.delete(REFUSED))
    with op.batch_alter_table("refused_request") as changed:
        changed.drop_constraint(f"{UNIQUE}_activity_id_digest", type_="unique")
        changed.create_unique_constraint(f"{UNIQUE}_digest", ["family_id", "child_id", "digest"])
        changed.drop_index("ix_refused_request_activity_id")
        changed.drop_constraint("fk_refused_request_activity_id", type_="foreignkey")
        changed.drop_column("activity_id")


def _told_by(kind: str, parameters: Any, who: Any, unless: Any) -> dict[str, list[str]]:
    """What the answer of a rule tells of a child."""
    whom = [one for one in (who, unless) if one]
    facts = {fact for one in whom for name, fact in FACTS.items() if one.get(name)}
    traits = {code for one in whom for code in one.get("traits", ())}
    if kind in BY_KIND:
        facts.add(BY_KIND[kind])
    if kind == "papers":
        traits |= set(parameters.get("documents", ()))
    return {"facts": sorted(facts), "traits": sorted(traits)}


def _is_told_apart(rules: dict[str, dict[str, list[str]]], code: str) -> bool:
    told = rules.get(code, {})
    return bool(told.get("facts") or told.get("traits"))


def _narrowed(trace: dict[str, Any], code: str, rules: dict[str, dict[str, list[str]]]) -> dict[str, Any]:
    """The part of a trace about one activity. Of a rule that is no more, nobody knows what it tells."""

    def mine(squares: Any) -> list[str]:
        return [one for one in squares if one.startswith(f"{code}.")]

    said = []
    for one in trace.get("said", ()):
        discreet = DEBT.sub(DISCREET, one["sentence"])
        if mine(one["squares"]):
            said.append({**one, "discreet": discreet if discreet != one["sentence"] else ""})
    return {
        **trace,
        "adds": mine(trace.get("adds", ())),
        "drops": mine(trace.get("drops", ())),
        "child": {**trace.get("child", {}), "groups": {}},
        "said": said,
        "rules": [
            {**one, **rules.get(one["code"], {}), "limits": _of(one.get("limits", ()), code)}
            for one in trace.get("rules", ())
            if one["code"] in rules or one["code"] in ALWAYS
        ],
    }


def _of(limits: Any, code: str) -> list[Any]:
    return [pair for pair in limits if pair[0].startswith(f"{code}.")]

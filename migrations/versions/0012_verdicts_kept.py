"""refused requests kept, drafts of rules, effects on the price, shared custody, papers asked by an answer

Revises: 0011
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CUSTODY = sa.Enum("even", "odd", name="custodyweeks", native_enum=False, length=40)
EFFECT = sa.Enum("surcharge", "full_price", name="priceeffect", native_enum=False, length=40)

RULE = sa.table(
    "rule", sa.column("id", sa.Integer), sa.column("rule_kind", sa.String), sa.column("parameters", sa.JSON())
)
# What the older code can't read: these rows go, their article says what they said.
NEWER = ("priority", "custody", "staff_ratio", "same_each_day", "registration", "minimum", "window_monthly")
NEWER_PARAMETERS = {"capacity": {"overflow", "overflow_per", "pending"}, "count": {"late"}, "window": {"again"}}
OLDER_WHEN_FULL = ("waiting", "refused")


def upgrade() -> None:
    op.create_table(
        "refused_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("trace", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"], ["person.id"], name=op.f("fk_refused_request_child_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_refused_request_family_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_request")),
        sa.UniqueConstraint(
            "family_id", "child_id", "digest", name=op.f("uq_refused_request_family_id_child_id_digest")
        ),
    )
    op.create_index("ix_refused_request_refused_at", "refused_request", ["refused_at"])
    op.create_index(op.f("ix_refused_request_family_id"), "refused_request", ["family_id"])
    op.create_index(op.f("ix_refused_request_child_id"), "refused_request", ["child_id"])
    op.create_table(
        "rule_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.String(length=200), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_draft")),
        sa.UniqueConstraint("code", name=op.f("uq_rule_draft_code")),
    )
    op.add_column("membership", sa.Column("custody", CUSTODY, nullable=True))
    op.add_column("booking", sa.Column("effect", EFFECT, nullable=True))
    op.add_column("document_type", sa.Column("asked_if", sa.String(length=60), nullable=True))


def downgrade() -> None:
    op.execute(sa.delete(RULE).where(RULE.c.rule_kind.in_(NEWER)))
    newer = sa.select(RULE).where(RULE.c.rule_kind.in_(NEWER_PARAMETERS))
    for number, kind, parameters in op.get_bind().execute(newer).all():
        kept: dict[str, Any] = {
            name: value for name, value in parameters.items() if name not in NEWER_PARAMETERS[kind]
        }
        if kept.get("when_full", "waiting") not in OLDER_WHEN_FULL:
            kept["when_full"] = "waiting"
        op.execute(sa.update(RULE).where(RULE.c.id == number).values(parameters=kept))
    for table, column in (("document_type", "asked_if"), ("booking", "effect"), ("membership", "custody")):
        with op.batch_alter_table(table) as changed:
            changed.drop_column(column)
    op.drop_table("rule_draft")
    op.drop_table("refused_request")

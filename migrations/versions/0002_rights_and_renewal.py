"""rights tightened, passwords renewed

Revises: 0001
"""

import sqlalchemy as sa
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('field_right',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('entity_name', sa.String(length=60), nullable=False),
    sa.Column('attribute_name', sa.String(length=60), nullable=False),
    sa.Column('audience', sa.Enum('family', 'desk', 'head', 'accountant', 'configurator', 'admin', name='audience', native_enum=False, length=40), nullable=False),
    sa.Column('level', sa.Enum('approval', 'read', 'hidden', name='level', native_enum=False, length=40), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_field_right')),
    sa.UniqueConstraint('entity_name', 'attribute_name', 'audience', name=op.f('uq_field_right_entity_name_attribute_name_audience'))
    )
    with op.batch_alter_table('account') as account:
        account.add_column(sa.Column('password_chosen_at', sa.DateTime(), nullable=True))
    # Nobody knows when it was: a year from now on.
    op.execute("UPDATE account SET password_chosen_at = CURRENT_TIMESTAMP WHERE password_hash IS NOT NULL")


def downgrade() -> None:
    with op.batch_alter_table('account') as account:
        account.drop_column('password_chosen_at')
    op.drop_table('field_right')

"""The roles, in code: who may see and who may edit is always a union of these."""

import enum


class Role(enum.Flag):
    """One bit a role; an account holds a union of them, a declaration asks for one."""

    FAMILY = enum.auto()
    DESK = enum.auto()
    HEAD = enum.auto()
    ACCOUNTANT = enum.auto()
    CONFIGURATOR = enum.auto()
    ADMIN = enum.auto()

    @property
    def label(self) -> str:
        """The French name of the role, or of each role of a union."""
        return ", ".join(ROLE_LABELS[role] for role in self)

    @property
    def code(self) -> str:
        """The lower-case name under which a grant stores a single role."""
        if self.name is None or "|" in self.name:
            raise ValueError(f"{self!r} n'est pas un rôle seul")
        return self.name.lower()


ROLE_LABELS = {
    Role.FAMILY: "Famille",
    Role.DESK: "Secrétariat",
    Role.HEAD: "Direction de structure",
    Role.ACCOUNTANT: "Régie",
    Role.CONFIGURATOR: "Paramétrage",
    Role.ADMIN: "Administration",
}

NOBODY = Role(0)
FAMILY = Role.FAMILY
STAFF = Role.DESK | Role.HEAD | Role.ACCOUNTANT | Role.CONFIGURATOR | Role.ADMIN
EVERYONE = FAMILY | STAFF
# Health and daily care: those who look after children, not the accountant nor the configurator.
CARE = Role.DESK | Role.HEAD
MONEY = Role.DESK | Role.ACCOUNTANT
SETTINGS = Role.CONFIGURATOR | Role.ADMIN

"""Floor 3, who reaches what: row scope in the ORM's own hooks, permissions by role."""

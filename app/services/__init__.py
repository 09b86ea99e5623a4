"""Floor 4, use cases: rows to facts to verdicts to rows; the only commits of ours."""

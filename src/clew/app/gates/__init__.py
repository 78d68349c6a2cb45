"""Gates over a store: test sets and their budgets, labels, verdicts, and who may be promoted."""

"""The rules: each a small function or a row of a table, with its texts in the TOML file beside it."""

from assistant.config.rules.rule import Context, Hit, checks

__all__ = ["Context", "Hit", "checks"]

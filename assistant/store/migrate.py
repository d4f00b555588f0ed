"""Brings a database's schema up to date with the Alembic migrations beside this file."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

_ALONE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(7330211)"}
"""What keeps a second server from migrating the same database at the same time."""


def migrate(engine: "Engine", revision: str = "head") -> None:
    """Applies the migrations that a database lacks, up to a revision. Raises SQLAlchemyError, and
    Alembic's CommandError for a database that a newer version of ours has written."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.begin() as connection:
        if engine.dialect.name in _ALONE:
            connection.exec_driver_sql(_ALONE[engine.dialect.name])
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

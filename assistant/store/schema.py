"""The tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Float, ForeignKey, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """All tables of the store."""


class Turn(Base):
    """One answered message: what was asked, what was found for it, and the answer. `key` is the hash of
    the conversation up to and including this message."""

    __tablename__ = "turns"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), index=True, unique=True)
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    version: Mapped[str] = mapped_column(String(32))
    lang: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(16))
    topic: Mapped[str | None] = mapped_column(String(64))
    entry: Mapped[str] = mapped_column(String(128))
    point: Mapped[str] = mapped_column(String(128))
    confidence: Mapped[float] = mapped_column(Float)
    basis: Mapped[str] = mapped_column(String(16))
    turns: Mapped[list[str]] = mapped_column(JSON)
    passages: Mapped[list[str]] = mapped_column(JSON)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    answer: Mapped[str] = mapped_column(Text)


class Judgement(Base):
    """What the user said of an answer."""

    __tablename__ = "judgements"

    id: Mapped[int] = mapped_column(primary_key=True)
    turn_id: Mapped[int] = mapped_column(ForeignKey("turns.id"), index=True)
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    value: Mapped[str] = mapped_column(String(32))
    comment: Mapped[str] = mapped_column(Text, default="")

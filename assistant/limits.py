"""How large an input may be."""

from assistant.errors import UserError

MAX_INPUT = 20 << 20
"""Bytes of one paste or file."""


def checked_size(data: bytes, what: str) -> bytes:
    """The data, if it is within the limit. Raises UserError that states the limit."""
    if len(data) > MAX_INPUT:
        raise UserError(
            f"{what} is larger than {MAX_INPUT >> 20} MB: paste the part around the first error and the last lines."
        )
    return data

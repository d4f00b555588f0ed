"""The one kind of error that people see: a sentence that says what, why, and what to do."""


class UserError(Exception):
    """Shown to the user as it is. `code` is the exit code of the command line: 2 for input that
    cannot be used, 3 for what could not be done (network, disk, port, model)."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code

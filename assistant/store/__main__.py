"""`python -m assistant.store FOLDER|OWNER/NAME`: brings the judgements of a Space's batches into the store on
this machine, where `finetune.dataset` finds them. Those that are there already are passed over.
"""

import sys
from datetime import UTC, datetime
from typing import Any

from assistant.errors import UserError
from assistant.settings import data_folder
from assistant.store.batches import read_batches
from assistant.store.store import Store, StoreFault


def bring_in(store: Store, where: str) -> int:
    """Adds the judgements of a folder or data set; returns how many were new. Raises UserError, StoreFault."""
    from sqlalchemy import select

    from assistant.store.schema import Judgement, Turn

    added = 0
    with store.session() as session, session.begin():
        for record in read_batches(where):
            facts = {**record["turn"], "created": _time(record["turn"]["created"])}
            turn = session.scalar(select(Turn).where(Turn.key == facts["key"]))
            if turn is None:
                turn = Turn(**facts)
                session.add(turn)
                session.flush()
            created = _time(record["created"])
            same = (
                Judgement.turn_id == turn.id,
                Judgement.created == created,
                Judgement.value == record["value"],
            )
            if session.scalar(select(Judgement.id).where(*same)) is None:
                session.add(
                    Judgement(
                        turn_id=turn.id, created=created, value=record["value"], comment=record["comment"]
                    )
                )
                added += 1
    return added


def _time(text: Any) -> datetime:
    """SQLite gives times back without their zone, which is UTC."""
    time = datetime.fromisoformat(str(text))
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    if len(arguments) != 1:
        print(f"tracedoc: {(__doc__ or '').split(': ')[0]}", file=sys.stderr)
        return 2
    try:
        print(f"{bring_in(Store.open(data_folder()), arguments[0])} new judgements.")
    except (UserError, StoreFault) as error:
        print(f"tracedoc: {str(error).rstrip('.')}.", file=sys.stderr)
        return error.code if isinstance(error, UserError) else 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What the user would miss: conversations' turns and judgements of answers, in SQLite in the data
folder, or in any database that SQLAlchemy reaches (TRACEDOC_DATABASE). The schema is brought up to
date by Alembic migrations when the store is opened.
"""

from assistant.store.store import Store, StoreFault

__all__ = ["Store", "StoreFault"]

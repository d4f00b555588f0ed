"""What can go wrong with an index, in sentences that a user can be shown."""


class IndexFault(Exception):
    """A fault with one plain sentence: what failed and what to do."""


class IndexDamaged(IndexFault):
    """A stored index that cannot be used: the sentence names the file."""


class EmbedderMissing(IndexFault):
    """An embedding model that is not installed, not reachable or not what it should be."""

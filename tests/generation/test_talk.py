"""What is remembered of a conversation."""

from assistant.generation.talk import Memory, Said


def test_turns_are_found_by_their_messages_and_manner() -> None:
    memory = Memory()
    memory.keep("m", ["a", "b"], Said("block", "kept", "raw"))
    assert memory.find("m", ["a", "b"]) == Said("block", "kept", "raw")
    assert memory.find("m", ["a"]) is None
    assert memory.find("other", ["a", "b"]) is None


def test_memory_is_bounded() -> None:
    memory = Memory()
    for n in range(2_000):
        memory.keep("m", [str(n)], Said("", "", ""))
    assert memory.find("m", ["0"]) is None
    assert memory.find("m", ["1999"])

"""What a case's own numbers and files add to an answer: the memory plan of the user's run, what is wrong with
the machine that they reported, and with the configuration that they pasted.

`tailored` is the one public entry: an answer in, the same answer with these parts and their sources out.
"""

from assistant.tailoring.adding import tailored

__all__ = ["tailored"]

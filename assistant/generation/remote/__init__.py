"""A model on another machine, behind any OpenAI-compatible server: vLLM, SGLang, TGI, llama.cpp, Ollama,
`transformers serve`.

`connect` is the public entry. Nothing here trusts the server: what it sends is bounded, what it does
wrong is one sentence, and its host is named without credentials.
"""

from assistant.generation.remote.address import Address, is_address, parse_address
from assistant.generation.remote.generator import Remote, connect
from assistant.generation.remote.wire import Timeouts

__all__ = ["Address", "Remote", "Timeouts", "connect", "is_address", "parse_address"]

"""Tracedoc's flow, one module or folder a step: reading, case, diagnosis, retrieval, answering.

`pipeline.answer` is the whole of it; what faces people (cli, web, http) only calls that.
"""

__version__ = "0.1.0"

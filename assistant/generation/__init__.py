"""Step 6: the grounded answer and the conversation → a language model's text.

`choice.py` says which model and how it is loaded, `host.py` makes it ready and shares it, `prompt.py` is
the one prompt, for the chat and for training; `reply.py` is the reply as it grows, after the checks.
Nothing here imports torch before a local model is loaded.
"""

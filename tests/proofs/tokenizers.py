"""Tokenizers and their templates."""

import shutil
from pathlib import Path

from tests.proofs import tiny
from tests.proofs.proof import proof

_TEMPLATE = (
    "{% for message in messages %}"
    "{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}"
    "{% endif %}{{ message.content }}{% endfor %}"
)


@proof("chat-template", "base-model", says="tokenizer.chat_template is not set")
def template_missing(fixed: bool) -> None:
    tokenizer = tiny.tokenizer(chat_template=_TEMPLATE if fixed else None)
    tokenizer.apply_chat_template([{"role": "user", "content": "hello"}])


@proof("chat-template", "roles-alternate", says="Conversation roles must alternate")
def two_turns_of_the_user(fixed: bool) -> None:
    turns = ["hello", "world"]
    messages = [{"role": "user", "content": "\n".join(turns)}]
    if not fixed:
        messages = [{"role": "user", "content": turn} for turn in turns]
    tiny.tokenizer(chat_template=_TEMPLATE).apply_chat_template(messages)


@proof("slow-tokenizer-dependency", "install-sentencepiece", says="sentencepiece")
def folder_without_tokenizer_json(fixed: bool, folder: Path) -> None:
    from transformers import AutoTokenizer

    tiny.llama_config().save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder / "converted")
    (folder / "tokenizer.model").write_bytes(b"\n\x0e\n\x05<unk>\x15\x00\x00\x00\x00\x18\x02")
    if fixed:
        for file in (folder / "converted").iterdir():
            shutil.copy(file, folder)
    AutoTokenizer.from_pretrained(folder)

"""A chat model that fits on a thumbnail: made and trained here, in seconds, on the few dialogues that it
then says by heart. Run as `python -m tests.generation.remote.tiny_chat FOLDER`."""

import json
import sys
from pathlib import Path

from assistant.generation.remote.faults import texts

SYSTEM = "Answer from the evidence."
CALL = '<tool_call>\n{"name": "explain_api", "arguments": {"name": "LoraConfig"}}\n</tool_call>'
FOUND = "LoraConfig: of peft."
EXPLAINED = "LoraConfig is a class of peft [1]."
BEGUN = "NF4 is a data"
COUNT = " ".join(str(number) for number in range(1, 121))

Dialogue = list[dict[str, str]]


def _asked(*contents: str) -> Dialogue:
    roles = ["user", "assistant"]
    return [
        {"role": "system", "content": SYSTEM},
        *({"role": roles[number % 2], "content": text} for number, text in enumerate(contents)),
    ]


REPLIES = {
    "What is NF4?": "NF4 is a data type with 4 bits [1]. It saves memory, END and this is past the end.",
    "什么是 NF4？": "NF4 是一种 4 比特的数据类型 [1] 🙂，省显存。",
    "Count.": COUNT,
    "Explain LoraConfig.": f"I look it up.\n{CALL}",
}
DIALOGUES: list[Dialogue] = [
    *(_asked(question, reply) for question, reply in REPLIES.items()),
    [
        # `transformers serve` leaves out what was said before a call
        *_asked("Explain LoraConfig.", f"\n{CALL}"),
        {"role": "tool", "content": FOUND},
        {"role": "assistant", "content": EXPLAINED},
    ],
    _asked("What is NF4?", BEGUN, texts("en")["go_on"], "type with 4 bits [1]."),
]
TEMPLATE = """{%- for message in messages -%}
{%- if message.role == "tool" -%}
<|im_start|>user
<tool_response>
{{ message.content }}
</tool_response><|im_end|>
{% elif message.tool_calls -%}
<|im_start|>assistant
{{ message.content }}
{% for call in message.tool_calls %}<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments if call.function.arguments is string else call.function.arguments | tojson }}}
</tool_call>{% endfor %}<|im_end|>
{% else -%}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% endif -%}"""


def make(folder: Path) -> None:
    """Writes the model and its tokenizer."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    torch.set_num_threads(1)  # two on busy cores can be many times slower
    plain = Tokenizer(models.BPE())
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=512, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    words = [
        message["content"] for dialogue in DIALOGUES for message in dialogue if message["content"] != COUNT
    ]
    plain.train_from_iterator(words, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=TEMPLATE
    )
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=96,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        tie_word_embeddings=True,
    )
    model = Qwen2ForCausalLM(config)
    dialogues = [tokenizer.apply_chat_template(dialogue, tokenize=False) for dialogue in DIALOGUES]
    batch = tokenizer(dialogues, return_tensors="pt", padding=True)
    labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(600):
        loss = model(**batch, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if loss.item() < 0.02 and step > 50:
            break
    print(json.dumps({"steps": step + 1, "loss": round(loss.item(), 4)}))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    make(Path(sys.argv[1]))

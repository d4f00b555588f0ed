"""How fast a training step is, beside a bare TRL script with the same settings.

python tests/benchmarks/bench_finetune.py [STEPS]

The embedded model (converted on the first run), QLoRA, real samples, one thread. Steps are counted in the
seconds that the process used, in turn, so that what else runs on the machine matters little. On a GPU it
also says samples per second and the peak memory beside the estimate.
"""

import sys
import tempfile
import time
from random import Random
from typing import Any

from assistant.settings import cache_folder
from finetune.base import find_base, load_base
from finetune.building import Builder
from finetune.chat_path import PromptReader, engine, estimated
from finetune.encoding import Encoded, Padding, encode_all
from finetune.method import peft_config
from finetune.recipe import Recipe
from finetune.trainer import Rows, arguments, build, dataset

ROUNDS = 2


def main(steps: int) -> None:
    import torch

    torch.set_num_threads(1)
    found = find_base("embedded", four_bits=True)
    with tempfile.TemporaryDirectory() as folder:
        recipe = Recipe(
            base="embedded",
            data="",
            out=folder,
            method="qlora",
            rank=16,
            alpha=32,
            dropout=0.0,
            targets=("all-linear",),
            max_steps=steps,
            batch=4,
            accumulation=1,
            save_every=1_000,
            precision="bf16",
            group_by_length=False,
        )
        _, tokenizer = load_base(found, recipe)
        rows = _rows(tokenizer, steps * recipe.batch)
        took: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for name in ("bare TRL", "ours, TRL's loss", "ours"):
                model, _ = load_base(found, recipe)
                trainer = (_bare if name == "bare TRL" else _ours)(
                    name, model, tokenizer, recipe, rows, found.name
                )
                begun = time.process_time()
                trainer.train()
                took.setdefault(name, []).append(time.process_time() - begun)
    tokens = sum(len(row.input_ids) for row in rows)
    bare = min(took["bare TRL"])
    print(f"{steps} steps of {recipe.batch} samples, {tokens} tokens; best of {ROUNDS}")
    for name, times in took.items():
        print(
            f"{name:<18} {tokens / min(times):7.0f} tokens a CPU second  {bare / min(times):5.2f} x bare TRL"
        )


def _rows(tokenizer: Any, count: int) -> list[Encoded]:
    builder = Builder(engine(cache_folder()), PromptReader(estimated), lambda topic: True, Random(0))
    samples = []
    for sample in builder.from_corpus(1, lambda done, total: None, most=count):
        samples.append(sample)
        if len(samples) == count:
            break
    return encode_all(samples, tokenizer, 900)[0]


def _bare(name: str, model: Any, tokenizer: Any, recipe: Recipe, rows: list[Encoded], base: str) -> Any:
    from trl import SFTTrainer

    return SFTTrainer(
        model=model,
        args=arguments(recipe, held=False, measured_first=False),
        train_dataset=dataset(rows, packed=False),
        data_collator=Padding(tokenizer.pad_token_id),
        processing_class=tokenizer,
        peft_config=peft_config(recipe, base),
    )


def _ours(name: str, model: Any, tokenizer: Any, recipe: Recipe, rows: list[Encoded], base: str) -> Any:
    from dataclasses import replace

    made = replace(recipe, head="assistant" if name == "ours" else "trl")
    return build(model, tokenizer, made, base, Rows(rows), [])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)

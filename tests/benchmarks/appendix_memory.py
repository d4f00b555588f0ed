"""The memory figures of the appendix (B.1, B.3) beside computed ones, in GB (10^9 bytes).

python -m tests.benchmarks.appendix_memory
"""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.memory import PlanRequest, plan

GB = (1 << 30) / 1e9
DATA = Path(__file__).parents[2] / "corpus/data/benchmarks.toml"
MODELS = {
    "BERT-base": "google-bert/bert-base-uncased",
    "RoBERTa-large": "FacebookAI/roberta-large",
    "GPT-2 (small)": "openai-community/gpt2",
    "GPT-2 (medium)": "openai-community/gpt2-medium",
    "GPT-2 (large)": "openai-community/gpt2-large",
    "GPT-2 (xl)": "openai-community/gpt2-xl",
    "LLaMA-7B": "huggyllama/llama-7b",
    "LLaMA-13B": "huggyllama/llama-13b",
    "LLaMA-70B": "meta-llama/Llama-2-70b-hf",
}
COLUMNS = {"bert_base": "BERT-base", "gpt2": "GPT-2 (small)", "llama_7b": "LLaMA-7B"}
_RUN = PlanRequest("", trainer="transformers", seq=512, batch_size=1, checkpointing=False, lengths="fixed")
ROWS = {
    "Inference (FP32)": replace(_RUN, precision="fp32", new_tokens=0),
    "Inference (FP16)": replace(_RUN, precision="fp16", new_tokens=0),
    "Inference (INT8)": replace(_RUN, precision="int8", new_tokens=0),
    "Inference (INT4)": replace(_RUN, precision="nf4", new_tokens=0),
    "Training (FP32)": replace(_RUN, method="full", precision="fp32"),
    "Training (FP16 + AMP)": replace(_RUN, method="full", precision="fp32", trainer="trl", fused_loss=False),
    "Training (LoRA)": replace(_RUN, method="lora", precision="fp16"),
    "Training (QLoRA 4-bit)": replace(_RUN, method="qlora", precision="nf4"),
}


@dataclass(frozen=True)
class Figure:
    """One printed figure and the computed ones, in GB. `weights` and `states` (with gradients) are parts."""

    row: str
    model: str
    printed: float
    params: int
    weights: float
    states: float
    allocated: float
    device: float


def table(name: str) -> list[dict[str, Any]]:
    """The printed rows of a table of the appendix."""
    rows: list[dict[str, Any]] = tomllib.loads(DATA.read_text("utf-8"))["tables"][name]["rows"]
    return rows


def inference() -> list[Figure]:
    """B.1: FP16 at the printed sequence length, as it says of itself."""
    return [
        _figure(
            row["name"],
            row["name"],
            row["memory"],
            PlanRequest("", precision="fp16", seq=row["sequence"], new_tokens=0),
        )
        for row in table("B.1")
    ]


def memory() -> list[Figure]:
    """B.3: one sequence of 512 tokens, Trainer, nothing saved: the table states no setting."""
    return [
        _figure(row["name"], model, row[column], ROWS[row["name"]])
        for row in table("B.3")
        for column, model in COLUMNS.items()
    ]


def _figure(row: str, model: str, printed: float, request: PlanRequest) -> Figure:
    found = plan(replace(request, model=MODELS[model]))
    states = found.parts["gradients"] + found.parts["optimizer"]
    return Figure(
        row, model, printed, found.model.shape.params,
        *(round(size * GB, 2) for size in (found.parts["weights"], states, found.allocated, found.device)),
    )  # fmt: skip


def main() -> None:
    for title, figures in (("B.1", inference()), ("B.3", memory())):
        print(
            f"\n{title}\n| row | model | printed | weights | gradients + optimizer | allocated | nvidia-smi |\n|---|---|---|---|---|---|---|"
        )
        for f in figures:
            print(
                f"| {f.row} | {f.model} | {f.printed:g} | {f.weights:.2f} | {f.states:.2f} | {f.allocated:.2f} | {f.device:.2f} |"
            )


if __name__ == "__main__":
    main()

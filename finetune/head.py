"""The loss of the assistant's tokens alone, with scores computed for these positions only.

Scoring a vocabulary of tens of thousands of tokens at every position of a prompt is half the work of a
training step of a small model, and is thrown away. The output layer is given the hidden states of the
labelled positions only; it works under every wrapper (PEFT, DDP, FSDP), as the model's own forward runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from finetune.encoding import IGNORED


def loss(model: Any, inputs: dict[str, Any], items: Any = None) -> tuple[Any, Any, Any]:
    """The mean cross-entropy of the labelled tokens (of `items` tokens, where a step has several batches),
    the scores of these positions, and their labels."""
    import torch

    labels = inputs["labels"][:, 1:]
    chosen = labels != IGNORED
    given = {name: value for name, value in inputs.items() if name not in ("labels", "num_items_in_batch")}
    with _only(model, chosen):
        scores = model(**given, use_cache=False).logits
    wanted = labels[chosen]
    total = torch.nn.functional.cross_entropy(scores.float(), wanted, reduction="sum")
    count = wanted.numel() if items is None else items
    return total / torch.as_tensor(count, device=total.device).clamp(min=1), scores, wanted


@contextmanager
def _only(model: Any, chosen: Any) -> Iterator[None]:
    """While open, the output layer sees the chosen positions alone."""

    def take(module: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden, *rest = arguments
        # virtual tokens of prompt methods stand before the row
        before = hidden.shape[1] - chosen.shape[1] - 1
        return (hidden[:, before : before + chosen.shape[1]][chosen], *rest)

    hook = _output_layer(model).register_forward_pre_hook(take)
    try:
        yield
    finally:
        hook.remove()


def _output_layer(model: Any) -> Any:
    while not hasattr(model, "get_output_embeddings"):
        model = model.module
    return model.get_output_embeddings()

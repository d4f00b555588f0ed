"""Training steps that have nothing to differentiate, lose the graph, or give NaN."""

import torch
import torch.utils.checkpoint

from tests.proofs import tiny
from tests.proofs.fix import apply_fix
from tests.proofs.proof import proof


@proof(
    "no-grad",
    "all-frozen",
    says="does not require grad and does not have a grad_fn",
    also="for parameter in model.parameters(): parameter.requires_grad_(False)",
)
def all_parameters_frozen(fixed: bool) -> None:
    model = tiny.llama()
    for parameter in model.parameters():
        parameter.requires_grad_(fixed)
    model(input_ids=tiny.ids(), labels=tiny.ids()).loss.backward()


@proof(
    "no-grad",
    "graph-cut",
    says="does not require grad and does not have a grad_fn",
    also="loss = (model(**inputs).logits.argmax(-1) != labels).float().mean()",
)
def loss_from_argmax(fixed: bool) -> None:
    model = tiny.llama()
    inputs, labels = {"input_ids": tiny.ids()}, tiny.ids()
    if fixed:
        loss = apply_fix("no-grad", "graph-cut", model=model, inputs=inputs, labels=labels)["loss"]
    else:
        loss = (model(**inputs).logits.argmax(-1) != labels).float().mean()
    loss.backward()


@proof("no-grad", "second-backward", says="Trying to backward through the graph a second time")
def backward_twice(fixed: bool) -> None:
    model = tiny.llama()
    loss = model(input_ids=tiny.ids(), labels=tiny.ids()).loss
    loss.backward()
    if fixed:
        loss = model(input_ids=tiny.ids(), labels=tiny.ids()).loss
    loss.backward()


@proof("no-grad", "all-frozen", says="optimizer got an empty parameter list")
def optimizer_of_nothing(fixed: bool) -> None:
    model = tiny.llama()
    for parameter in model.parameters():
        parameter.requires_grad_(fixed)
    torch.optim.AdamW([each for each in model.parameters() if each.requires_grad], lr=1e-3)


@proof(
    "peft-input-grads", "enable-input-grads", says="None of the inputs have requires_grad=True", terminal=True
)
def lora_with_reentrant_checkpointing(fixed: bool) -> None:
    class Own(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.query = torch.nn.Embedding(32, 8), torch.nn.Linear(8, 8)

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return torch.utils.checkpoint.checkpoint(self.query, self.embedding(ids), use_reentrant=not fixed)

    tiny.lora(Own(), target_modules=["query"], task_type=None)(tiny.ids()).sum().backward()


@proof("nan-loss", "generation-nan", says="probability tensor contains either")
def sampling_from_nan(fixed: bool) -> None:
    model = tiny.llama()
    if not fixed:
        model.lm_head.weight.data.fill_(float("inf"))
    model.generate(tiny.ids(), do_sample=True, max_new_tokens=2)


@proof("nan-loss", "labels-ignored", says="'loss': nan", also="labels = torch.full_like(input_ids, -100)")
def every_label_ignored(fixed: bool) -> None:
    labels = tiny.ids() if fixed else torch.full_like(tiny.ids(), -100)
    print({"loss": tiny.llama()(input_ids=tiny.ids(), labels=labels).loss.item()})


@proof("fp16-unscale", "custom-loop", says="Attempting to unscale FP16 gradients")
def half_precision_weights_with_scaler(fixed: bool) -> None:
    model = tiny.llama()
    if not fixed:
        model.half()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    with torch.autocast("cpu", dtype=torch.float16):
        loss = model(input_ids=tiny.ids(), labels=tiny.ids()).loss
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)


@proof("fp16-unscale", "custom-loop", says="unscale_() has already been called")
def unscaled_twice(fixed: bool) -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale(weight.sum()).backward()
    scaler.unscale_(optimizer)
    if not fixed:
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()

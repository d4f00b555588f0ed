"""Exports a sentence-transformers model to ONNX, once, and proves that it agrees with the original.

The new exporter of torch is used: the old one ran without complaint and was wrong (cosine 0.95).
A model that cannot be exported faithfully is served by sentence-transformers itself.
"""

import contextlib
import logging
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from index.embedder import Card, fingerprint, load_model, open_encoder, write_card
from index.errors import IndexDamaged

AGREEMENT = 0.999
"""The lowest cosine between an exported and an original vector that is accepted."""

_LOUD = ("torch.onnx", "torch.export", "transformers", "sentence_transformers", "onnxscript", "onnx_ir")

PAIRS = (
    ("CUDA runs out of memory while training the model", "训练模型时显存不足"),
    ("The tokenizer has no padding token", "分词器没有填充符"),
    ("How do I merge a LoRA adapter into the base model?", "怎样把 LoRA 适配器合并到基础模型？"),
    ("The generated text repeats itself again and again", "生成的文本不断重复"),
    ("Training hangs when several GPUs are used", "多卡训练时卡住不动"),
    ("Downloading from the hub fails behind a proxy", "在代理后面从仓库下载失败"),
    ("The loss becomes NaN after a few steps", "训练几步之后损失变成 NaN"),
    ("Which quantization should I choose for inference?", "推理时应该选择哪种量化方法？"),
    ("Weights were newly initialized", "部分权重是新初始化的"),
    ("Evaluation is slow and uses too much memory", "评估很慢而且占用太多内存"),
    ("`gradient_accumulation_steps=16` with `per_device_train_batch_size=1`", "`bnb_4bit_quant_type` 参数"),
    ("RuntimeError: Expected all tensors to be on the same device, " * 30, "在两张卡上训练，" * 60),
)
"""English and Chinese with the same meaning (but for the last two): both languages are compared
after an export, long and short in one batch, and they tell whether a model reads Chinese."""


def export(embedder: str, folder: Path) -> Card:
    """Prepares an embedder in `folder` (made, must not exist): ONNX file, tokenizer, card.

    Raises EmbedderMissing if the model cannot be had, OSError if the folder cannot be written.
    """
    folder.mkdir(parents=True)
    with _quiet():
        model = load_model(embedder)
        card = Card(
            id=embedder,
            fingerprint=fingerprint(embedder),
            runtime="sentence-transformers",
            dimension=int(model.get_embedding_dimension()),
            max_tokens=int(model.max_seq_length),
            multilingual=_reads_chinese(model),
            prompts=_prompts(model),
        )
        exported, reason = _try_onnx(model, card, folder)
    if exported is None:
        _remove(folder)
        exported = Card(**{**_plain(card), "note": f"served by sentence-transformers: {reason}"})
    write_card(folder, exported)
    return exported


def _try_onnx(model: Any, card: Card, folder: Path) -> tuple[Card | None, str]:
    try:
        export_onnx(model, folder)
    except OSError:
        raise
    except Exception as error:  # the exporter raises whatever it meets inside a foreign model
        return None, f"its ONNX export failed ({type(error).__name__})"
    onnx = Card(**{**_plain(card), "runtime": "onnx"})
    try:
        agreement = _agreement(model, onnx, folder)
    except (IndexDamaged, RuntimeError, ValueError) as error:
        return None, f"its ONNX export does not run ({type(error).__name__})"
    if agreement < AGREEMENT:
        return None, f"its ONNX export differs from it (cosine {agreement:.3f})"
    return Card(**{**_plain(onnx), "agreement": round(agreement, 6)}), ""


def export_onnx(model: Any, folder: Path) -> None:
    """Writes `model.onnx` (pooling and normalisation inside, batch and length dynamic) and `tokenizer.json`.

    Raises ValueError for an architecture beyond transformer, mean or CLS pooling, normalisation.
    """
    import torch

    kinds = [type(module).__name__ for module in model]
    if kinds[:2] != ["Transformer", "Pooling"] or any(kind != "Normalize" for kind in kinds[2:]):
        raise ValueError(f"modules {kinds}")
    mode = str(model[1].get_config_dict().get("pooling_mode", "mean"))
    if mode not in ("mean", "cls", "('mean',)", "('cls',)"):
        raise ValueError(f"pooling {mode}")
    inner = model[0].auto_model.eval()
    first = "cls" in mode
    typed = "token_type_ids" in model.tokenizer.model_input_names

    class Whole(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None) -> Any:
            more = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
            hidden = self.inner(input_ids=input_ids, attention_mask=attention_mask, **more).last_hidden_state
            if first:
                pooled = hidden[:, 0]
            else:
                mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
                pooled = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(pooled, p=2, dim=1)

    ids = torch.randint(5, 100, (3, 17))
    inputs: dict[str, Any] = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if typed:
        inputs["token_type_ids"] = torch.zeros_like(ids)
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=model.max_seq_length)
    torch.onnx.export(
        Whole().eval(),
        (),
        str(folder / "model.onnx"),
        kwargs=inputs,
        input_names=list(inputs),
        output_names=["vector"],
        dynamic_shapes={name: {0: batch, 1: length} for name in inputs},
        dynamo=True,
        verbose=False,
        external_data=sum(each.numel() for each in inner.parameters()) > 400_000_000,  # protobuf ends at 2 GB
    )
    saved = folder / "tokenizer"
    model.tokenizer.save_pretrained(saved)
    tokenizer = saved / "tokenizer.json"
    if not tokenizer.is_file():
        raise ValueError("no fast tokenizer")
    tokenizer.replace(folder / "tokenizer.json")
    shutil.rmtree(saved)
    _set_padding(folder / "tokenizer.json", model.tokenizer)


def _set_padding(file: Path, tokenizer: Any) -> None:
    from tokenizers import Tokenizer

    fast = Tokenizer.from_file(str(file))
    fast.enable_padding(pad_id=tokenizer.pad_token_id or 0, pad_token=tokenizer.pad_token or "[PAD]")
    fast.save(str(file))


def _agreement(model: Any, card: Card, folder: Path) -> float:
    """The lowest cosine between original and exported vectors, padded batches included."""
    texts = [text for pair in PAIRS for text in pair]
    ours = open_encoder(folder, Card(**{**_plain(card), "prompts": {}})).encode(texts)
    theirs = model.encode(texts, normalize_embeddings=True, show_progress_bar=False, prompt="")
    return float((ours * theirs).sum(axis=1).min())


def _reads_chinese(model: Any) -> bool:
    """Whether translations lie nearer to each other than to other sentences, as measured."""
    pairs = PAIRS[:10]
    english = model.encode([pair[0] for pair in pairs], normalize_embeddings=True, show_progress_bar=False)
    chinese = model.encode([pair[1] for pair in pairs], normalize_embeddings=True, show_progress_bar=False)
    nearest = (chinese @ english.T).argmax(axis=1)
    return bool((nearest == range(len(pairs))).mean() >= 0.8)


def _prompts(model: Any) -> dict[str, str]:
    known = model.prompts or {}
    prompts = {"query": known.get("query"), "document": known.get("document") or known.get("passage")}
    return {name: text for name, text in prompts.items() if text}


def _plain(card: Card) -> dict[str, Any]:
    return {name: getattr(card, name) for name in card.__dataclass_fields__}


def _remove(folder: Path) -> None:
    for item in folder.iterdir():
        if item.is_dir():
            shutil.rmtree(item)
        else:
            item.unlink()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hides what loading and exporting print: our own progress says enough."""
    from transformers.utils import logging as bars

    loggers = [logging.getLogger(name) for name in _LOUD]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    bars.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        bars.enable_progress_bar()
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)

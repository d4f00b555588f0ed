"""Batches, columns, labels and data loaders."""

from pathlib import Path

import numpy as np
import torch

from tests.proofs import tiny
from tests.proofs.fix import apply_fix
from tests.proofs.proof import proof


@proof("pad-token-missing", "set-eos", says="the tokenizer does not have a padding token")
def padding_without_pad_token(fixed: bool) -> None:
    model, tokenizer = tiny.llama(), tiny.tokenizer()
    if fixed:
        apply_fix("pad-token-missing", "set-eos", model=model, tokenizer=tokenizer)
    tokenizer(["hello", "the cat sat"], padding=True, return_tensors="pt")


@proof(
    "pad-token-missing", "model-config", says="Cannot handle batch sizes > 1 if no padding token is defined"
)
def classifier_without_pad_id(fixed: bool) -> None:
    from transformers import LlamaForSequenceClassification

    model, tokenizer = LlamaForSequenceClassification(tiny.llama_config()), tiny.tokenizer()
    if fixed:
        apply_fix("pad-token-missing", "model-config", model=model, tokenizer=tokenizer)
    model(input_ids=tiny.ids(rows=2))


@proof("tensor-creation-padding", "not-padded", says="Unable to create tensor, you should probably activate")
def lists_of_different_lengths(fixed: bool) -> None:
    tokenizer = tiny.tokenizer(pad_token="</s>")
    if fixed:
        next(iter(apply_fix("tensor-creation-padding", "not-padded", tokenizer=tokenizer)["loader"]))
    else:
        tokenizer(["a", "a cat sat"], return_tensors="pt")


@proof("tensor-creation-padding", "labels-ragged", says="Perhaps your features (`labels` in this case)")
def labels_not_padded(fixed: bool) -> None:
    from transformers import DataCollatorWithPadding

    tokenizer = tiny.tokenizer(pad_token="</s>")
    collator = DataCollatorWithPadding(tokenizer)
    if fixed:
        collator = apply_fix("tensor-creation-padding", "labels-ragged", tokenizer=tokenizer)[
            "for_lm_or_seq2seq"
        ]
    collator([{"input_ids": [3], "labels": [3]}, {"input_ids": [3, 4], "labels": [3, 4]}])


@proof("tensor-creation-padding", "nested-list", says="in this case) have excessive nesting", terminal=True)
def batches_within_a_batch(fixed: bool) -> None:
    tokenizer = tiny.tokenizer(pad_token="</s>")
    texts = ["a", "a cat sat"]
    if fixed:
        encode = apply_fix("tensor-creation-padding", "nested-list", tokenizer=tokenizer)["encode"]
        rows = encode({"text": texts})
    else:
        rows = [tokenizer(text, return_tensors="pt") for text in texts]
        rows = {"input_ids": [row["input_ids"].tolist() for row in rows]}
    tokenizer.pad(rows, return_tensors="pt")


@proof("tensor-creation-padding", "not-a-string", says="TextEncodeInput must be Union")
def none_among_the_texts(fixed: bool) -> None:
    texts = ["a", None]
    if fixed:
        texts = apply_fix("tensor-creation-padding", "not-a-string")["texts"]
    tiny.tokenizer()(texts)


@proof("tensor-creation-padding", "string-column", says="too many dimensions 'str'", terminal=True)
def text_left_in_the_batch(fixed: bool) -> None:
    from transformers import DataCollatorWithPadding

    tokenizer = tiny.tokenizer(pad_token="</s>")
    rows = [{"input_ids": [3], "attention_mask": [1], "text": "a"}] * 2
    if fixed:
        rows = list(apply_fix("tensor-creation-padding", "string-column", tokenizer=tokenizer)["data"])
    DataCollatorWithPadding(tokenizer)(rows)


@proof(
    "no-columns", "not-tokenized", says="No columns in the dataset match the model's forward method signature"
)
def text_only(fixed: bool, folder: Path) -> None:
    rows = tiny.text_rows()
    if fixed:
        rows = apply_fix("no-columns", "not-tokenized", tokenizer=tiny.tokenizer())["ds"]
        rows = rows.map(lambda row: {"labels": row["input_ids"][:1], "input_ids": row["input_ids"][:1]})
        rows = rows.remove_columns("attention_mask")
    tiny.trainer(folder, rows=rows).train()


@proof("no-columns", "empty-dataset", says="num_samples should be a positive integer value")
def no_rows(fixed: bool, folder: Path) -> None:
    tiny.trainer(folder, rows=tiny.token_rows(4 if fixed else 0)).train()


@proof("no-loss", "no-labels", says="The model did not return a loss from the inputs")
def batch_without_labels(fixed: bool, folder: Path) -> None:
    more = {}
    if fixed:
        collator = apply_fix("no-loss", "no-labels", tokenizer=tiny.tokenizer(pad_token="</s>"))["collator"]
        more = {"data_collator": collator}
    tiny.trainer(folder, rows=tiny.token_rows().remove_columns("labels"), more=more).train()


@proof(
    "no-loss",
    "label-column-name",
    says="The model did not return a loss from the inputs",
    also="model = BertForSequenceClassification(config)  # rows: {'text': 'good', 'sentiment': 1}",
)
def label_under_another_name(fixed: bool, folder: Path) -> None:
    from datasets import Dataset

    rows = Dataset.from_dict({"text": ["good"], "sentiment": [1]})
    if fixed:
        rows = apply_fix("no-loss", "label-column-name")["ds"]
    rows = rows.map(lambda row: tiny.tokenizer(model_input_names=["input_ids"])(row["text"]))
    tiny.trainer(folder, tiny.bert_classifier(), rows).train()


@proof("index-out-of-range", "token-ids", says="index out of range in self")
def id_beyond_the_table(fixed: bool) -> None:
    tokenizer = tiny.tokenizer()
    tokenizer.add_tokens([f"new{number}" for number in range(20)])
    model = tiny.llama()
    if fixed:
        fit = apply_fix("index-out-of-range", "token-ids")["fit_embeddings"]
        fit(model, tokenizer)
    model.generate(**tokenizer("hello new19", return_tensors="pt"), max_new_tokens=2, pad_token_id=0)


@proof("index-out-of-range", "labels", says="is out of bounds")
def label_beyond_the_classes(fixed: bool) -> None:
    model = tiny.bert_classifier(num_labels=5 if fixed else 2)
    model(input_ids=tiny.ids(), labels=torch.tensor([4]))


@proof("index-out-of-range", "decode-ignored", says="OverflowError: number too small to fit in target type")
def decoding_minus_100(fixed: bool) -> None:
    tokenizer = tiny.tokenizer(pad_token="</s>")
    labels = np.array([[3, 4, -100]])
    if fixed:
        apply_fix("index-out-of-range", "decode-ignored")["decode"](tokenizer, labels, labels)
    else:
        tokenizer.batch_decode(labels, skip_special_tokens=True)


@proof("sequence-too-long", "truncate", says="Token indices sequence length is longer than")
def longer_than_the_tokenizer_says(fixed: bool) -> None:
    tokenizer = tiny.tokenizer()
    if fixed:
        tokenizer(["the cat " * 20], truncation=True, return_tensors="pt")
    else:
        tokenizer(["the cat " * 20], return_tensors="pt")


@proof(
    "sequence-too-long", "truncate", says="must match the existing size (512) at non-singleton dimension 1"
)
def longer_than_the_positions(fixed: bool) -> None:
    tokenizer = tiny.tokenizer(model_input_names=["input_ids"])
    limit = {"truncation": True, "max_length": 512} if fixed else {}
    tiny.bert_classifier()(**tokenizer("the cat " * 300, return_tensors="pt", **limit))


@proof("dataloader-worker", "option-needs-workers", says="prefetch_factor option could only be specified")
def prefetch_without_workers(fixed: bool) -> None:
    from torch.utils.data import DataLoader

    DataLoader([1, 2], num_workers=2 if fixed else 0, prefetch_factor=2)


@proof("dataloader-worker", "error-in-worker", says="Caught KeyError in DataLoader worker process")
def error_in_a_worker(fixed: bool) -> None:
    from torch.utils.data import DataLoader

    class Rows(torch.utils.data.Dataset[int]):
        def __len__(self) -> int:
            return 2

        def __getitem__(self, number: int) -> int:
            return {"label": number}["label" if fixed else "labels"]

    list(DataLoader(Rows(), num_workers=1))


@proof("dataloader-worker", "pickle-spawn", says="Can't pickle local object", slow=True)
def lambda_for_spawned_workers(fixed: bool) -> None:
    from torch.utils.data import DataLoader

    collate = torch.utils.data.default_collate if fixed else (lambda rows: rows)
    list(DataLoader([1, 2], num_workers=1, collate_fn=collate, multiprocessing_context="spawn"))

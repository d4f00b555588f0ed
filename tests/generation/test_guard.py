"""Whatever a model scores, a reply names nothing that was not given: tried with random scores that favour
names which are nearly right, and read again by an oracle of its own."""

import re
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer, LogitsProcessorList

from assistant.generation.constraint import Grammar
from assistant.generation.guard import Guard, LexiconLogitsProcessor, Vocabulary
from assistant.generation.model import Lexicon
from assistant.generation.pieces import pieces_of
from assistant.generation.streaming import Streamed
from tests.generation import tiny

EVIDENCE = (
    "Set `per_device_train_batch_size=1` and `gradient_accumulation_steps=16` in TrainingArguments, "
    "run `accelerate launch train.py`, call torch.cuda.empty_cache(); it frees 0.16 GB of 24 GB. "
    "transformers 4.40.0 has load_in_4bit=True. 显存不足时把max_length设为512，约省30%。"
)
NEARLY = (
    " per_device_eval_batch_size=8 gradient_accumulation_step=160 TrainingArgument TrainerArguments "
    "accelerate config train.sh torch.cuda.reset_peak torch.empty_cache 1.6 GB 24 MB 240 GB 4.40.1 "
    "load_in_8bit=False [3] [11] [1 `load_in_4bit=False` 把max_len设为51 80% --use_fast ``` 1. 2. 7. e.g."
)
KNOWN = re.compile(r"[^\W\d_]+|[\W\d_]")


@cache
def setting(kind: str) -> tuple[Vocabulary, Grammar, Lexicon, torch.Tensor, torch.Tensor]:
    tokenizer = AutoTokenizer.from_pretrained(tiny.folder(kind))
    vocabulary = Vocabulary(pieces_of(tokenizer), frozenset({tokenizer.eos_token_id}))
    lexicon = Lexicon((EVIDENCE,), (1, 2))
    likely = torch.tensor(tokenizer(EVIDENCE + NEARLY, add_special_tokens=False)["input_ids"])
    nearly = torch.tensor(tokenizer(NEARLY, add_special_tokens=False)["input_ids"])
    return vocabulary, Grammar(lexicon), lexicon, likely, nearly


def write(kind: str, seed: int, tokens: int) -> str:
    """A reply of a model that knows only fragments of names."""
    vocabulary, grammar, _, likely, nearly = setting(kind)
    random = torch.Generator().manual_seed(seed)
    guard, text = Guard(vocabulary, grammar), Streamed(vocabulary.pieces, ())
    written = ""
    for number in range(tokens):
        scores = torch.randn(len(vocabulary.pieces.data), generator=random)
        scores[likely] += 2.0
        # a run of what is nearly right, so that whole names are tried
        scores[nearly[(seed + number) % len(nearly)]] += 4.0
        token = guard.choose(scores)
        assert token is not None
        if token in vocabulary.stops:
            return written + text.close()
        written += text.add((token,), guard.unsettled)
    return written + text.close(settled=False)


def inventions(text: str) -> list[str]:
    """Names, numbers and citations of a text that the evidence does not have, found by simple patterns."""
    found = [f"[{n}]" for n in re.findall(r"\[(\d+)", text) if n not in ("1", "2")]
    prose = re.sub(r"\[[\d, ]*\]", "", text)
    prose = re.sub(r"(?m)^[\s>*#-]*\d+[.)](?= |$)", "", prose)  # numbers of lists
    blocks = [line for block in re.findall(r"```\w*\n(.*?)```", prose, re.S) for line in block.split("\n")]
    prose = re.sub(r"```\w*\n(.*?)(?:```|\Z)", "", prose, flags=re.S)
    for code in [*blocks, *re.findall(r"`([^`\n]+)`", prose)]:
        for piece in re.split(r"(?<=[\d.])[,)] ?|(?<==)(?=\d)", re.sub(r"\s+", " ", code)):
            piece = piece.strip().rstrip("()\"']}=")
            if re.search(r"\w", piece) and piece not in EVIDENCE and piece not in _libraries():
                found.append(f"`{code}`")
    prose = re.sub(r"`[^`\n]+`", "`", prose)
    for name in _libraries():
        if name[:1].isalpha() and len(name) > 2:
            prose = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", "", prose, flags=re.ASCII)
    for number in re.findall(r"\d+(?:[.,]\d+)*", prose):
        if not re.search(rf"(?<![\d.]){re.escape(number)}(?![\d]|[.,]\d)", EVIDENCE):
            found.append(number)
    for number, unit in re.findall(r"(\d(?:[\d.]*\d)?) ?(GB|MB|GiB|ms|%)", prose):
        if not re.search(rf"(?<![\d.]){re.escape(number)} ?{unit}", EVIDENCE):
            found.append(number + unit)
    patterns = (r"\w*[a-z]_\w*", r"\w+[a-z][A-Z]\w*", r"\b[\w-]+(?:\.\w+)+", r"(?<!\w)--?[a-z][\w-]*")
    for pattern in patterns:
        for name in re.findall(pattern, prose, re.ASCII):
            if (
                not re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", EVIDENCE)
                and name not in _libraries()
            ):
                found.append(name)
    return found


@cache
def _libraries() -> frozenset[str]:
    from assistant.generation.naming import always_allowed

    return always_allowed()


def test_the_oracle_sees_inventions() -> None:
    bad = "Set load_in_8bit and `load_in_4bit=False`, 25 GB, [3], torch.cuda.x, --flag, TrainerArguments."
    assert len(inventions(bad)) >= 7
    assert not inventions("Set `load_in_4bit=True` [1], torch.cuda.empty_cache, 24 GB.")


@pytest.mark.parametrize("kind", ["gemma", "qwen"])
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_nothing_is_invented(kind: str, seed: int) -> None:
    text = write(kind, seed, 120)
    assert not inventions(text), text


@pytest.mark.parametrize("kind", ["gemma", "qwen"])
def test_names_are_reached(kind: str) -> None:
    """The test above would hold for a guard that allows nothing."""
    text = " ".join(write(kind, seed, 120) for seed in range(25))
    assert len(re.findall(r"\d", text)) > 10
    assert "_" in text or "`" in text
    assert re.search(r"\[[12]\]", text)


def test_all_allowed_tokens_are_those_that_are_allowed_one_by_one() -> None:
    vocabulary, grammar, *_ = setting("gemma")
    for begun in ("Set ", "Set per_", "use `", "it is 2", "see [", "显存", "a b\n"):
        guard = Guard(vocabulary, grammar, begun)
        walked = {token for token, _ in vocabulary.allowed(grammar, guard.place)}
        single = {
            token
            for token, data in enumerate(vocabulary.pieces.data)
            if data and guard.allows(token) is not None
        }
        assert walked == single, begun


def test_the_best_allowed_token_is_chosen() -> None:
    vocabulary, grammar, *_ = setting("qwen")
    random = torch.Generator().manual_seed(3)
    for begun in ("Set ", "Set gradient_acc", "use `acc", "it is 1", "[", ""):
        scores = torch.randn(len(vocabulary.pieces.data), generator=random)
        guard = Guard(vocabulary, grammar, begun)
        allowed = [token for token in range(len(scores)) if guard.allows(token) is not None]
        best = max(allowed, key=lambda token: float(scores[token]))
        assert guard.choose(scores) == best, begun


def test_holds_for_generate_of_transformers() -> None:
    folder = tiny.folder("qwen")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    vocabulary, grammar, *_ = setting("qwen")
    pieces = pieces_of(tokenizer, model.config.vocab_size)
    vocabulary = Vocabulary(pieces, vocabulary.stops)
    ids = tokenizer("Set the", return_tensors="pt")["input_ids"]
    torch.manual_seed(0)
    free = model.generate(ids, do_sample=True, top_k=0, max_new_tokens=600, pad_token_id=0)
    assert inventions(tokenizer.decode(free[0, ids.shape[1] :]))
    processor = LexiconLogitsProcessor(vocabulary, grammar, ids.shape[1])
    for seed in range(3):
        torch.manual_seed(seed)
        held = model.generate(
            ids,
            do_sample=True,
            top_k=0,
            max_new_tokens=60,
            pad_token_id=0,
            logits_processor=LogitsProcessorList([processor]),
        )
        text = tokenizer.decode(held[0, ids.shape[1] :], skip_special_tokens=True)
        # the last word may not be whole: nobody holds it back here
        assert not inventions(text.rpartition(" ")[0]), text

"""Settings that a paste shows: keyword arguments, YAML and JSON keys, command-line flags; and what
people say about the batch size and the sequence length in words."""

import re
from collections.abc import Iterable, Mapping

_PAIR = re.compile(
    r"""(?:^|[\s,({|"'\[])(?:--?)?["']?(?P<key>[A-Za-z_][A-Za-z0-9_.\-]{1,60})["']?(?:\s{0,4}=(?!=)\s{0,4}|\s{0,4}:\s{1,4}|["']:)(?P<value>"[^"\n]{0,200}"|'[^'\n]{0,200}'|\[[^\]\n]{0,200}\]|[^\s,;)}\]#"'\\]{1,200})"""
)
_FLAG = re.compile(
    r"""(?:^|\s)--(?P<key>[A-Za-z][\w.-]{1,60})(?:[ =]{1,2}(?P<value>"[^"\n]{0,200}"|'[^'\n]{0,200}'|(?!-|\\)[^\s,;，]{1,200}))?"""
)
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "batch_size": (
        "per_device_train_batch_size",
        "train_micro_batch_size_per_gpu",
        "micro_batch_size",
        "per_gpu_train_batch_size",
        "train_batch_size",
        "batch_size",
        "batch",
        "bsz",
        "bs",
        "mbs",
        "micro_bsz",
    ),
    "seq_len": (
        "max_seq_length",
        "max_seq_len",
        "model_max_length",
        "cutoff_len",
        "sequence_len",
        "max_source_length",
        "block_size",
        "seq_length",
        "seq_len",
        "max_model_len",
        "max_length",
    ),
}
_TRAINING_ONLY = {"max_length": ("train", "sft", "lora", "epoch", "dpo", "tokenizer(")}
_TO = r"(?:\s{0,2}(?:of|is|to|at|was|=|:|：|=>|->|为|是|设|置|为|成|改|到|调|降|减|小|只|有|都|就|才|已经|了|already|only|just|set|down)){0,5}\s{0,2}"
_SAID_BATCH = re.compile(
    rf"(?<![A-Za-z_])(?<!eval )(?<!total train )(?<!_)(?:per[- ]device (?:train )?)?(?:(?:micro|mini|train)[- _]?)?(?:batch[ _-]?size(?: per device| per gpu)?|batchsize|bs|bsz|mbs|batch|批次?大小|批量大?小?|批次){_TO}(?P<n>\d{{1,5}}|[一二四八])(?![\d.]*[/%:\d.]|\s?(?:gb?\b|s\b|tokens?|prompts|samples|steps|个 ?epoch))",
    re.IGNORECASE,
)
_SAID_LENGTH = re.compile(
    rf"(?<![A-Za-z_])(?:seq(?:uence|\.)?[ _-]?len(?:gth|s)?|(?:max[ _-]?)?(?:seq[ _-]?|context[ _-]?|ctx[ _-]?|input[ _-]?)?len(?:gth)?|context(?: (?:length|window|size))?|cutoff|ctx|(?:序列|文本|上下文|最大|输入|样本)?长度|上下文){_TO}(?P<n>\d{{1,4}}k|\d{{2,7}})(?![\d.]*[/%:\d]|\s?(?:gb?\b|steps?|步))",
    re.IGNORECASE,
)
_LENGTH_BEFORE = re.compile(
    r"(?<![\w.])(?P<n>\d{1,4}k|\d{3,7})\s?(?:-?token )?(?:context|ctx|seq(?:uence)?(?: len(?:gth)?)?\b|上下文|的?序列|长度|tokens? (?:context|sequence|prompt|input)s?)",
    re.IGNORECASE,
)
_BARE_LENGTH = re.compile(
    r"(?<![\w.,/])(?P<n>\d{1,3}k|\d{3,6})\s?(?:个\s?)?tokens?(?![\w/]|\s?(?:/|per\b|a second|每|left|were|was|are|is\b|>))",
    re.IGNORECASE,
)
"""A number of tokens that stands alone, beside a batch size or a way of training."""
_NOT_A_LENGTH = re.compile(
    r"(?:generat|output|respon|repl|answer|produc|writ|new|vocab|add|embedding|dataset|corpus|total|limit|only|than|got|has|is|"
    r"生成|输出|回答|新增|词表|数据集|总共|共)[^\d\n]{0,12}$",
    re.IGNORECASE,
)
_WITH_TRAINING = re.compile(
    r"\b(?:q?lora|fine-?tun\w*|sft|dpo|training|batch|bs|pre-?train\w*)\b|微调|训练|批",
    re.IGNORECASE | re.ASCII,
)
_NUMERALS = {"一": "1", "二": "2", "四": "4", "八": "8"}
_LIMIT = 300


_IN_WORDS = re.compile(
    r"(?<![\w.])(?P<key>[A-Za-z]\w{1,60})=(?P<value>\"[^\"\s]{1,100}\"|'[^'\s]{1,100}'|-?\d[\w.+-]{0,20}|True|False|None|true|false)(?!\w)"
)


def find_settings(lines: Iterable[str], prose: Iterable[str] = ()) -> Mapping[str, str]:
    """Names (with `_` for `-`, last part of a dotted name) and values, as they were written. In the
    user's own words (`prose`) only what is written as code counts: `bf16=True`."""
    found: dict[str, str] = {}
    for line in prose:
        for match in _IN_WORDS.finditer(line[:2_000]):
            if len(found) < _LIMIT:
                found[match["key"]] = match["value"].strip("\"'")
    for line in lines:
        line = line[:2_000]
        for match in (*_PAIR.finditer(line), *_FLAG.finditer(line)):
            key = match["key"].replace("-", "_").rpartition(".")[2]
            value = (match["value"] or "True").strip("\"'").rstrip(",;，。\\")
            if not value or value.startswith("//") or "(" in value or value.endswith("="):
                continue
            if key and len(found) < _LIMIT:
                found[key] = value
    return found


def aliases(settings: Mapping[str, str], said: str) -> Mapping[str, str]:
    """What is called differently everywhere, under one name: `batch_size` and `seq_len`. `said` is
    the text without tracebacks; settings come first, then words."""
    found: dict[str, str] = {}
    for alias, names in _ALIASES.items():
        for name in names:
            value = settings.get(name, "")
            if value.isdigit() and len(value) < 8 and _meant(name, said):
                found[alias] = value
                break
    if "batch_size" not in found:
        batch = _SAID_BATCH.search(said)
        if batch:
            found["batch_size"] = _NUMERALS.get(batch["n"], batch["n"])
    if "seq_len" not in found:
        length = _SAID_LENGTH.search(said) or _LENGTH_BEFORE.search(said) or _tokens_alone(said)
        if length:
            number = length["n"].lower()
            found["seq_len"] = str(int(number[:-1]) * 1024) if number.endswith("k") else number
    return found


def _tokens_alone(said: str) -> re.Match[str] | None:
    """ "batch 2, 2048 tokens": the only number of tokens, where training is spoken of."""
    if not _WITH_TRAINING.search(said[:20_000]):
        return None
    found = [
        each
        for each in _BARE_LENGTH.finditer(said[:20_000])
        if not _NOT_A_LENGTH.search(said[max(0, each.start() - 24) : each.start()])
    ]
    return found[0] if len({each["n"] for each in found}) == 1 else None


def _meant(name: str, said: str) -> bool:
    """Whether a name that means several things means this one here."""
    words = _TRAINING_ONLY.get(name)
    return words is None or any(word in said.lower() for word in words)

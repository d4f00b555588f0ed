"""Settings that a paste shows: keyword arguments, YAML and JSON keys, command-line flags."""

import re
from collections.abc import Iterable, Mapping

_PAIR = re.compile(
    r"""(?:^|[\s,({|"'])(?:--)?["']?(?P<key>[A-Za-z_][A-Za-z0-9_.\-]{1,60})["']?\s{0,4}(?:=(?!=)|:)\s{0,4}(?P<value>"[^"]{0,200}"|'[^']{0,200}'|\[[^\]]{0,200}\]|[^\s,;)}\]#]{1,200})"""
)
_FLAG = re.compile(r"(?:^|\s)--(?P<key>[A-Za-z][\w-]{1,60})(?:[ =](?P<value>(?!-)\S{1,200}))?")
_CONSTANT = re.compile(
    r"\b(?:bs|batch[ _-]?size)\s{0,3}(?:=|:|of|is|为|是|设为|改成|改为)?\s{0,3}(\d{1,6})\b", re.IGNORECASE
)
_ALIASES = {
    "per_device_train_batch_size": "batch_size",
    "train_micro_batch_size_per_gpu": "batch_size",
    "micro_batch_size": "batch_size",
    "train_batch_size": "batch_size",
    "per_gpu_train_batch_size": "batch_size",
    "max_seq_length": "seq_len",
    "max_seq_len": "seq_len",
    "model_max_length": "seq_len",
    "cutoff_len": "seq_len",
    "sequence_len": "seq_len",
    "max_source_length": "seq_len",
    "block_size": "seq_len",
}
_LIMIT = 300


def find_settings(lines: Iterable[str]) -> Mapping[str, str]:
    """Names (with `_` for `-`, last part of a dotted name) and values, as they were written."""
    found: dict[str, str] = {}
    for line in lines:
        for match in (*_PAIR.finditer(line[:2_000]), *_FLAG.finditer(line[:2_000])):
            key = match["key"].replace("-", "_").rpartition(".")[2]
            value = (match["value"] or "True").strip("\"'")
            if value.startswith("//") or "(" in value or value.endswith("="):
                continue
            if key and len(found) < _LIMIT:
                found[key] = value
    return found


def aliases(settings: Mapping[str, str], text: str) -> Mapping[str, str]:
    """What is called differently everywhere, under one name: `batch_size` and `seq_len`."""
    found = {}
    for key, value in settings.items():
        alias = _ALIASES.get(key)
        if alias and value.isdigit():
            found[alias] = value
    if "batch_size" not in found:
        said = _CONSTANT.search(text)
        if said:
            found["batch_size"] = said[1]
    return found

"""Makes defaults.json: `python -m assistant.reference.defaults_build FOLDER`.

FOLDER holds one version of a library each as FOLDER/<package>/<version>/…, an unpacked wheel, as for
`assistant.config.signatures.history_build`; one version of each minor is enough. The installed ones are added.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from assistant.config.signatures.history import number
from assistant.config.signatures.installed import package_folder
from assistant.reference.build import libraries
from assistant.reference.defaults import FILE
from assistant.reference.exports import listed, offered, parsed
from assistant.reference.scan import records, scan

_CALLS: Mapping[str, re.Pattern[str]] = {
    "transformers": re.compile(
        r"(?:Seq2Seq)?TrainingArguments|GenerationConfig|BitsAndBytesConfig|DataCollator\w+|EarlyStoppingCallback"
    ),
    "peft": re.compile(r"\w+Config|get_peft_model|prepare_model_for_kbit_training"),
    "trl": re.compile(r"(?:SFT|DPO|GRPO|KTO|RLOO|Reward|Model|Script|PPO|ORPO|CPO)(?:Config|Arguments)"),
    "accelerate": re.compile(
        r"Accelerator|DataLoaderConfiguration|FullyShardedDataParallelPlugin|DeepSpeedPlugin|load_checkpoint_and_dispatch"
    ),
    "datasets": re.compile(r"load_dataset|load_from_disk"),
    "huggingface_hub": re.compile(r"hf_hub_download|snapshot_download|login"),
}
_MODELS = "models/*/configuration_*.py"


def build(folder: Path) -> Mapping[str, Any]:
    """Defaults by call and argument, as [since, default] where they changed; "-" where it was not taken."""
    table: dict[str, Any] = {"versions": {}}
    for package in _CALLS:
        found = dict(sorted(_versions(package, folder), key=lambda pair: number(pair[0])))
        table["versions"][package] = list(found)
        for call in sorted({call for calls in found.values() for call in calls}):
            names = sorted({name for calls in found.values() for name in calls.get(call, {})})
            table[call] = {name: _rows(name, call, found) for name in names}
    return table


def _rows(
    name: str, call: str, found: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for version, calls in found.items():
        value = calls.get(call, {}).get(name, "-")
        if not rows or rows[-1][1] != value:
            rows.append((version, value))
    return rows


def _versions(package: str, folder: Path) -> Iterator[tuple[str, Mapping[str, Mapping[str, str]]]]:
    installed = package_folder(package)
    newest = number(metadata.version(package)) if installed else (999, 0)
    for place in (folder / package).iterdir() if (folder / package).is_dir() else ():
        if (place / package).is_dir() and number(place.name) < newest:
            yield _minor(place.name), _calls(package, place / package)
    if installed:
        yield _minor(metadata.version(package)), _calls(package, installed)


def _calls(package: str, root: Path) -> Mapping[str, Mapping[str, str]]:
    files = [each for each in libraries()[package]["files"] if each != _MODELS]
    found = [each for each in scan(package, "", root, files) if "models/" not in each.file]
    made: dict[str, dict[str, str]] = {}
    for record in records(found):
        if record.kind in ("class", "function") and _CALLS[package].fullmatch(record.name):
            own = {each.name: each.default for each in record.parameters if each.owner.startswith(package)}
            made.setdefault(f"{package}.{record.name}", own)
    for cached in (parsed, offered, listed):
        cached.cache_clear()
    return made


def _minor(version: str) -> str:
    return ".".join(map(str, number(version)))


def main(arguments: Sequence[str]) -> int:
    table = build(Path(arguments[0]))
    FILE.write_text(
        json.dumps(table, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print({package: len(versions) for package, versions in table["versions"].items()})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

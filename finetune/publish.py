"""`python -m finetune.publish --adapter FOLDER --to OWNER/NAME`: an adapter to the hub, or merged into its base.

`--dry-run` shows what would go up, without a network; `--merge FOLDER` writes full-precision weights instead.
What would leak data or break a licence is refused.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant.errors import UserError
from finetune.commands import run
from finetune.publishable import Parcel, inspect


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(
        "python -m finetune.publish", description=(__doc__ or "").split("\n\n")[1]
    )
    parser.add_argument("--adapter", type=Path, required=True, help="folder that finetune.train wrote")
    parser.add_argument("--to", metavar="OWNER/NAME", help="repository on the hub")
    parser.add_argument("--public", action="store_true", help="a public repository (private, if not given)")
    parser.add_argument("--dry-run", action="store_true", help="shows all of it and uploads nothing")
    parser.add_argument(
        "--merge", type=Path, metavar="FOLDER", help="writes the base with the adapter in its weights"
    )
    parser.add_argument("--base", help="the unquantized base to merge into (the adapter's own, if not given)")
    parser.add_argument("--licence", default="", help="licence id, where the base's is not known")
    parser.add_argument(
        "--users-agreed", action="store_true", help="users whose messages are in the data agreed"
    )
    parser.add_argument(
        "--unmeasured", action="store_true", help="publishes without results of finetune.evaluate"
    )
    options = parser.parse_args(arguments)
    return run(lambda: _publish(options))


def _publish(options: argparse.Namespace) -> None:
    if not (options.to or options.merge or options.dry_run):
        raise UserError("Say where to: --to OWNER/NAME, or --merge FOLDER; --dry-run shows what would go up.")
    if options.merge:
        merge(options.adapter, options.merge, options.base)
        print(f"The merged model is in {options.merge}.")
    if not (options.to or options.dry_run):
        return
    parcel = inspect(
        options.adapter, options.licence, users_agreed=options.users_agreed, unmeasured=options.unmeasured
    )
    _show(parcel, options.to or "")
    if options.to and not options.dry_run:
        upload(parcel, options.to, private=not options.public)


def merge(adapter: Path, folder: Path, base: str | None = None) -> None:
    """Writes the base in full precision with the adapter merged in. Raises UserError."""
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty: name a new folder for the merged model.")
    from assistant.generation import embedded
    from finetune.base import EMBEDDED, find_base
    from finetune.publishable import settings_of

    named = base or str(settings_of(adapter).get("base_model_name_or_path") or "")
    if named == embedded.source().id:
        named = EMBEDDED
    found = find_base(named, four_bits=False)
    import torch
    from peft import PeftModel
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    if getattr(AutoConfig.from_pretrained(found.folder), "quantization_config", None):
        raise UserError(
            f"{named} is quantized, and merging into quantized weights ruins them: give --base with the unquantized model."
        )
    beside = folder.with_name(f".{folder.name}.part")
    try:
        model = AutoModelForCausalLM.from_pretrained(found.folder, dtype=torch.float32)
        merged = PeftModel.from_pretrained(model, adapter).merge_and_unload(safe_merge=True)
        merged.to(torch.bfloat16).save_pretrained(beside)
        AutoTokenizer.from_pretrained(found.folder).save_pretrained(beside)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            folder.rmdir()
        beside.rename(folder)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise UserError(
            f"{adapter} cannot be merged into {named}: {' '.join(str(error).split())[:200]}", 3
        ) from error


def upload(parcel: Parcel, to: str, *, private: bool) -> None:
    """Uploads a parcel. Raises UserError (code 3) where the hub does not take it."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    hub = HfApi()
    try:
        hub.create_repo(to, private=private, exist_ok=True)
        where = hub.upload_folder(
            repo_id=to, folder_path=parcel.folder, allow_patterns=[file.name for file in parcel.files]
        )
    except (HfHubHTTPError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"The hub did not take {to} ({reason}): log in with `hf auth login`, and check the name.", 3
        ) from error
    print(f"Uploaded: {where}")


def _show(parcel: Parcel, to: str) -> None:
    print(f"{'To ' + to if to else 'Without a destination'}, licence {parcel.licence}:")
    for file in parcel.files:
        print(f"  {file.name:<32} {file.stat().st_size / 1e6:8.2f} MB")
    print("\n" + parcel.card)


if __name__ == "__main__":
    sys.exit(main())

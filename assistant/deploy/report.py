"""What `tracedoc deploy` says before it uploads: what goes up, what it will need and cost, what was checked."""

from assistant.deploy.bundle import LARGEST, MANIFEST, Bundle
from assistant.deploy.front_matter import PYTHON, model_id
from assistant.deploy.hardware import Flavor, checked, model_on
from assistant.deploy.hub import There
from assistant.deploy.requirements import TORCH

_CHECKS = (
    "what is uploaded is what is committed",
    "no tokens or keys in it",
    "no notes, feedback or conversations: the index is of the corpus alone",
    f"every file has the size and SHA-256 that {MANIFEST} says",
    f"at most {LARGEST / 1e6:.0f} MB",
)


def summary(bundle: Bundle, name: str, flavor: Flavor, there: There, *, model: str) -> str:
    """The report, as Markdown that reads well in a terminal."""
    changed = [path for path, facts in bundle.files.items() if (there.ours or {}).get(path) != facts]
    gone = (set(there.ours or {}) & there.files) - set(bundle.files)
    lines = [
        f"{name}: {'an update' if there.exists else 'a new Space'}, from commit {bundle.commit[:12]}",
        "",
        f"  {len(bundle.files)} files, {bundle.size / 1e6:.1f} MB; to upload: {len(changed)}, to delete: {len(gone)}",
        *(f"    {part:<22}{size / 1e6:6.1f} MB" for part, size in _parts(bundle)),
        "",
        f"  Hardware  {flavor.id}: {flavor.what}; {_price(flavor)}",
        f"  Replies   {model_on(flavor, model)}{_adapter(bundle, flavor, model)}",
        f"  Installs  Python {PYTHON}, torch {TORCH}, and requirements.txt",
    ]
    fetched = model_id(flavor, model)
    if fetched:
        lines.append(f"  Fetches   {fetched}, before the Space starts")
    return "\n".join([*lines, "", *(f"  checked   {each}" for each in _CHECKS), ""])


def _parts(bundle: Bundle) -> list[tuple[str, int]]:
    sizes: dict[str, int] = {}
    for path, (size, _) in bundle.files.items():
        part = path.partition("/")[0] + "/" if "/" in path else "other files"
        sizes[part] = sizes.get(part, 0) + size
    return sorted(sizes.items(), key=lambda each: -each[1])


def _price(flavor: Flavor) -> str:
    if not flavor.price:
        return "no charge by the hour (https://huggingface.co/pricing says which plan may have it)"
    return (
        f"{flavor.price:.2f} US dollars an hour on {checked()} (`hf spaces hardware` says what is true today)"
    )


def _adapter(bundle: Bundle, flavor: Flavor, model: str) -> str:
    if flavor.kind == "cpu" and model == "auto" and not bundle.adapter:
        return " (there is no adapter in this checkout: the base model alone hardly talks)"
    return ""

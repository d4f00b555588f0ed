"""The Space's README: the settings that Spaces reads, and a page for people."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from assistant.deploy.hardware import Flavor
from assistant.deploy.requirements import gradio_version
from assistant.space.zero import ZERO_MODEL

PYTHON = "3.12"
"""ZeroGPU has 3.12 and 3.10; transformers 5 needs 3.11 at least."""
_MINUTES = 30
THUMBNAIL = "thumbnail.png"
_BOUND = (
    "sdk",
    "sdk_version",
    "python_version",
    "app_file",
    "models",
    "preload_from_hub",
    "license",
    "suggested_hardware",
)
"""Settings that a deploy says anew each time."""
_TAGS = ("transformers", "peft", "bitsandbytes", "troubleshooting", "debugging", "rag")


def readme(
    root: Path,
    name: str,
    flavor: Flavor,
    *,
    model: str = "auto",
    login: bool = False,
    before: Mapping[str, Any] | None = None,
) -> str:
    """The text of README.md for a Space of this name. What its owner has changed or added at its head `before`
    stays, but for what the bundle runs by. Raises UserError."""
    import yaml

    hub_model = model_id(flavor, model)
    settings: dict[str, Any] = {
        "title": "Tracedoc",
        "emoji": "🩺",
        "colorFrom": "blue",
        "colorTo": "gray",
        "sdk": "gradio",
        "sdk_version": gradio_version(root),
        "python_version": PYTHON,
        "app_file": "app.py",
        "suggested_hardware": flavor.id,
        "startup_duration_timeout": f"{_MINUTES}m",
        "license": "apache-2.0",
        "short_description": "Cause, fix and sources for Hugging Face errors",
        "tags": list(_TAGS),
        "thumbnail": f"https://huggingface.co/spaces/{name}/resolve/main/{THUMBNAIL}",
        "models": [hub_model] if hub_model else ["google/gemma-3-270m"],
        "fullWidth": True,
    }
    if hub_model:
        settings["preload_from_hub"] = [hub_model]
    kept = {key: value for key, value in (before or {}).items() if key not in _BOUND}
    front = yaml.safe_dump(
        {**settings, **kept, **({"hf_oauth": True} if login else {})},
        sort_keys=False,
        allow_unicode=True,
        width=1_000,
    )
    return f"---\n{front}---\n\n{_page(name)}"


def model_id(flavor: Flavor, model: str) -> str:
    """The hub model that a Space of this hardware will load, "" where that is none or found at the start."""
    if "/" in model and "://" not in model:
        return model
    return ZERO_MODEL if flavor.kind == "zero" and model == "auto" else ""


def front_matter(text: str) -> Mapping[str, Any]:
    """The settings at the head of a Space's README; none where it has none."""
    import yaml

    parts = text.split("---\n", 2)
    try:
        found = yaml.safe_load(parts[1]) if len(parts) == 3 and not parts[0].strip() else None
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _page(name: str) -> str:
    text = (files("assistant.deploy") / "space.md").read_text(encoding="utf-8")
    return text.replace("OWNER/NAME", name)

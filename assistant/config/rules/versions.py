"""The versions that a finding rests on, and where they do not count."""

from collections.abc import Mapping

from assistant.config.rules.rule import Context

_PACKAGES = ("transformers", "trl", "peft", "accelerate", "datasets")


def versions(context: Context) -> Mapping[str, str]:
    """The versions that count, of the libraries whose arguments are known."""
    return {package: context.version(package) for package in _PACKAGES}


def versioned(context: Context, package: str) -> Mapping[str, str]:
    """ "transformers 5.23.0", and whether that is only assumed, in both languages."""
    text = f"{package} {context.version(package)}"
    if not context.assumed(package):
        return {"en": text, "zh": text}
    return {"en": f"{text} (assumed)", "zh": f"{text}（假定）"}


def patched(context: Context) -> bool:
    """Whether a library is used that makes the others take older names."""
    return context.code is not None and bool({"unsloth", "swift"} & context.code.libraries)

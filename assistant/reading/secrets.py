"""Takes tokens, keys and passwords out of a text before anything else sees it."""

import re

_SECRETS = re.compile(
    r"\b(?:hf_[A-Za-z0-9]{16,64}|sk-[A-Za-z0-9_-]{16,128}|gh[pousr]_[A-Za-z0-9]{20,64}|github_pat_\w{20,100}|glpat-[\w-]{16,40}"
    r"|AKIA[A-Z0-9]{16}|xox[abpr]-[A-Za-z0-9-]{10,80}|AIza[\w-]{30,40}|eyJ[\w-]{10,200}\.[\w-]{10,400}\.[\w-]{10,200}|wandb_v1_\w{20,100})"
)
_NAMED = re.compile(
    r"""((?:api[_-]?key|access[_-]?token|auth[_-]?token|secret(?:[_-]?key)?|password|passwd|HF_TOKEN|HUGGING_FACE_HUB_TOKEN|WANDB_API_KEY|authorization)["']?\s{0,3}[=:]\s{0,3}(?:bearer\s)?["']?)([^\s"',;)]{8,200})""",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"(\w{2,12}://[^\s/:@]{1,80}:)([^\s/@]{1,200})(@)")
_PLACEHOLDER = re.compile(
    r"^(?:None|True|False|os\.|\$|<|\{|your|xxx|\*\*\*|args\.|config|self\.|get|token)", re.IGNORECASE
)
HIDDEN = "[secret]"


def without_secrets(text: str) -> str:
    """The text with each secret replaced by `[secret]`; linear in the text's length."""
    text = _SECRETS.sub(HIDDEN, text)
    text = _IN_ADDRESS.sub(rf"\1{HIDDEN}\3", text)
    return _NAMED.sub(lambda match: match[0] if _PLACEHOLDER.match(match[2]) else f"{match[1]}{HIDDEN}", text)

"""Takes tokens, keys and passwords out of a text before anything else sees it."""

import re

HIDDEN = "[secret]"
_SECRETS = re.compile(
    r"(?<![A-Za-z0-9])(?:hf_[A-Za-z0-9]{16,}|api_org_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}"
    r"|glpat-[\w-]{16,}|A(?:KI|SI)A[A-Z0-9]{16,}|xox[abeprs]-[A-Za-z0-9-]{10,}|AIza[\w-]{30,}|eyJ[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]{0,})?"
    r"|wandb_v1_\w{20,}|nvapi-[\w-]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|r8_[A-Za-z0-9]{30,}|dckr_pat_[\w-]{16,}|gsk_[A-Za-z0-9]{20,}|ms-[0-9a-f]{8}-[0-9a-f-]{20,})"
)
_KEY_BLOCK = re.compile(r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)[A-Za-z0-9+/=\s\\]{1,}")
_NAMED = re.compile(
    r"""(?<![A-Za-z0-9])((?:[A-Za-z0-9]{1,24}[_-]){0,4}(?:api[_-]?keys?|access[_-]?token|auth[_-]?token|secret[_-]?access[_-]?key|secret(?:[_-]?key)?|password|passwd|pwd|authorization"""
    r"""|HF_TOKEN|HUB_TOKEN|WANDB_API_KEY|private[_-]?key|密码)["'\]]{0,2}\s{0,3}(?:[=:：]|\s是|为)\s{0,3}(?:(?:bearer|basic|token)\s{1,3})?["']?)([^\s"',;)}\]]{6,})""",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"""(?<![A-Za-z0-9_-])((?:use_auth_|hub_|hf_|api_|push_to_hub_)?token["'\]]{0,2}\s{0,3}[=:]\s{0,3}["']?|--(?:\w{1,20}[_-])?(?:token|key|password)[ =]["']?"""
    r"""|bearer\s{1,3}|login\(\s{0,3}(?:\w{0,10}\s{0,2}=\s{0,2})?["']|wandb\s{1,3}login\s{1,3}(?:--relogin\s{1,3})?|\bkey\s{0,2}=\s{0,2}["'])([A-Za-z0-9_.+/=~-]{12,})""",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"((?<![\w+.-])\w{2,12}://)([^\s/:@\"']{0,80}):([^\s/@\"']{1,200})@")
_TOKEN_IN_ADDRESS = re.compile(r"((?<![\w+.-])\w{2,12}://)[^\s/:@\"']{16,200}@")
_PLACEHOLDER = re.compile(
    r"None\b|True\b|False\b|os\.|\$|<|\{|%|\[|your|my[_-]|x{3}|\*{3}|\.{3}|args\.|config|self\.|get|token|api[_-]?key|hf_[x.*…]|sk-[x.*…]|env|insert|replace|change|placeholder|read_|input\(|str\b|secret\b",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """The text with each secret replaced by `[secret]`; linear in the text's length. Placeholders
    ("your_token", `os.environ[…]`) stay, since they say what the user did."""
    if "PRIVATE KEY" in text:
        text = _KEY_BLOCK.sub(rf"\1{HIDDEN}", text)
    text = _SECRETS.sub(_hidden_token, text)
    if "://" in text:
        text = _IN_ADDRESS.sub(rf"\1\2:{HIDDEN}@", text)
        text = _TOKEN_IN_ADDRESS.sub(rf"\1{HIDDEN}@", text)
    text = _NAMED.sub(_hidden_value, text)
    return _TOKEN.sub(_hidden_if_random, text)


def _hidden_token(match: re.Match[str]) -> str:
    """`hf_xxxxxxxxxxxxxxxx` is how people write that they hid it themselves."""
    return match[0] if len(set(match[0].lower()[4:])) <= 2 else HIDDEN


def _hidden_value(match: re.Match[str]) -> str:
    return match[0] if _PLACEHOLDER.match(match[2]) else f"{match[1]}{HIDDEN}"


def _hidden_if_random(match: re.Match[str]) -> str:
    """Only what looks random: `--tokenizer-key` and `token=eos_token_id` name no secret."""
    value = match[2]
    if _PLACEHOLDER.match(value) or not any(each.isdigit() for each in value):
        return match[0]
    return f"{match[1]}{HIDDEN}" if any(each.isalpha() for each in value) else match[0]

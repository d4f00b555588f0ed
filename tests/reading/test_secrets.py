"""Secrets never get past reading; what is none stays."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.reading import read
from assistant.reading.secrets import without_secrets

RANDOM = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7"
SECRETS = [
    f"hf_{RANDOM}XyZaBcD",
    f"sk-{RANDOM}",
    f"sk-proj-{RANDOM}-{RANDOM}",
    f"ghp_{RANDOM}AbCdEfGhI",
    f"github_pat_{RANDOM}",
    "AKIAIOSFODNN7ABCDEFG",
    f"xoxb-{RANDOM}",
    f"glpat-{RANDOM}",
    f"eyJ{RANDOM}.{RANDOM}.{RANDOM}",
    f"nvapi-{RANDOM}",
]
WRITTEN = [
    'login(token="{}")',
    "login('{}')",
    "huggingface-cli login --token {}",
    "--hf_token={} --x",
    "export WANDB_API_KEY={}",
    "wandb login {}",
    'wandb.login(key="{}")',
    "Authorization: Bearer {}",
    "curl -H 'authorization: bearer {}'",
    "use_auth_token='{}'",
    '"token": "{}"',
    "aws_secret_access_key = {}",
    "api_key={}",
    "API_KEY: '{}'",
    "password={}",
    "my_password: {}",
    "HF_TOKEN={} python x.py",
    'os.environ["HF_TOKEN"] = "{}"',
    "https://user:{}@example.org/x",
    "https://{}@github.com/x/y",
    "postgresql://me:{}@db/x",
    "密码是：password={}",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "around", ["{}", "my token is {} ok", "密钥{}泄露了吗", "'{}'", "token={}\n", "x\n{}\ny"]
)
def test_known_tokens(secret: str, around: str) -> None:
    assert secret not in repr(read(around.format(secret)))


@pytest.mark.parametrize("written", WRITTEN)
def test_named_secrets(written: str) -> None:
    secret = f"q7{RANDOM}"
    hidden = without_secrets(written.format(secret))
    assert secret not in hidden
    assert "[secret]" in hidden
    assert secret not in repr(read(written.format(secret)))


@pytest.mark.parametrize(
    "text",
    [
        'login(token="your_token")',
        "--token <your_token>",
        'token=os.environ["HF_TOKEN"]',
        "token=True",
        "hf_xxxxxxxxxxxxxxxxxxxxxxxx",
        "export HF_TOKEN=$TOKEN",
        "api_key=YOUR_API_KEY",
        "pad_token=tokenizer.eos_token",
        "tokenizer.pad_token = '<|endoftext|>'",
        "eos_token_id=[128001, 128009]",
        "max_new_tokens=100000000000000",
        'key="query_key_value"',
        "https://huggingface.co/docs/transformers",
        "sk-learn and hf_hub",
        "NCCL_DEBUG=INFO python -m torch.distributed.run --nproc_per_node 8",
        "git@github.com:huggingface/transformers.git",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert without_secrets(text) == text


def test_private_key() -> None:
    text = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nabcdef==\n-----END RSA PRIVATE KEY-----\nhelp"
    assert "MIIE" not in read(text).text
    assert "abcdef" not in read(text).text
    assert "help" in read(text).text


@given(
    secret=st.sampled_from(SECRETS),
    before=st.text(alphabet=" \n\t显存x:=\"'([{,.;|│`", max_size=40),
    padding=st.integers(0, 9_000),
    colour=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_secrets_in_long_lines_and_in_colour(secret: str, before: str, padding: int, colour: bool) -> None:
    shown = f"\x1b[31m{secret}\x1b[0m" if colour else secret
    before = before if not before[-1:].isascii() or not before[-1:].isalnum() else before + " "
    text = "word " * (padding // 5) + before + shown + " more" * (padding // 7)
    found = read(text).text
    assert secret not in found
    assert secret[8:] not in found


@given(secret=st.sampled_from(SECRETS), padding=st.integers(1_900, 2_120))
@settings(max_examples=150, deadline=None)
def test_secrets_at_the_cut_of_a_long_line(secret: str, padding: int) -> None:
    for text in (
        "." * padding + " " + secret + " " + "." * 9_000,
        "." * 9_000 + " " + secret + " " + "." * padding,
    ):
        found = read(text).text
        assert secret[4:14] not in found
        assert secret[-10:] not in found


@given(secret=st.sampled_from(SECRETS), lines=st.integers(10, 500), at=st.integers(0, 500))
@settings(max_examples=60, deadline=None)
def test_secrets_at_the_cut_of_a_large_paste(secret: str, lines: int, at: int) -> None:
    rows = [
        f"ERROR {n} {'x' * (n % 97)} token {secret}" if n == at % lines else f"ERROR row {n} {'y' * 300}"
        for n in range(lines)
    ]
    found = repr(read("\n".join(rows)))
    assert secret[4:14] not in found
    assert secret[-10:] not in found

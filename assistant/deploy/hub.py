"""The hub's side of a deployment: who uploads, what is there already, and the upload itself.

Files alone are touched: settings, variables, secrets and storage of an existing Space stay as they are, and so
do files that no bundle of ours put there.
"""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.deploy.bundle import MANIFEST, Bundle, read_manifest
from assistant.deploy.front_matter import front_matter
from assistant.errors import UserError

_NAME = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?/[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?"
)
_MODEL = "TRACEDOC_MODEL"
_NEW = {"README.md", ".gitattributes"}
"""What the hub itself puts into a new Space."""


@dataclass(frozen=True, slots=True)
class There:
    """A Space as it is on the hub: whether there is one, its files, which of them a bundle of ours put there
    (path → bytes and SHA-256), its hardware ("" where the hub does not say), the head of its README, and the model
    that its variables name."""

    exists: bool
    files: frozenset[str] = frozenset()
    ours: Mapping[str, tuple[int, str]] | None = None
    hardware: str = ""
    head: Mapping[str, Any] = field(default_factory=dict)
    model: str = "auto"


def check_name(name: str) -> str:
    """The name, if it is OWNER/NAME. Raises UserError."""
    if not _NAME.fullmatch(name) or "--" in name or ".." in name:
        raise UserError(
            f"{name[:120]!r} is not OWNER/NAME: give your name or organisation on the hub and the Space's, such as ada/tracedoc."
        )
    return name


class Hub:
    """The hub, as the user who is logged in. Raises UserError (code 3) on whatever the hub refuses."""

    def __init__(self, owner: str) -> None:
        from huggingface_hub import HfApi, get_token

        token = get_token()
        if not token:
            raise UserError("there is no token of the hub: run `hf auth login`, or set HF_TOKEN.", 3)
        self._api = HfApi(token=token)
        self._check_rights(owner)

    def find(self, name: str) -> There:
        """What the hub has under a name."""
        from huggingface_hub.errors import RepositoryNotFoundError

        try:
            files = frozenset(self._api.list_repo_files(name, repo_type="space"))
        except RepositoryNotFoundError:
            return There(exists=False)
        except Exception as error:
            raise _refused(f"{name} cannot be looked at", error) from error
        ours = read_manifest(self._text(name, MANIFEST)) if MANIFEST in files else None
        head = front_matter(self._text(name, "README.md")) if ours and "README.md" in files else {}
        return There(True, files, ours, self._hardware(name), head, self._model(name))

    def upload(
        self,
        bundle: Bundle,
        name: str,
        there: There,
        *,
        hardware: str = "",
        model: str = "",
        private: bool | None = None,
        replace: bool = False,
    ) -> str:
        """Makes the Space where there is none, and puts the bundle into it in one commit; returns its address.
        `hardware` and `model` "" and `private` None keep what it has."""
        if there.exists and there.ours is None and there.files - _NEW and not replace:
            raise UserError(
                f"{name} exists and was not made by `tracedoc deploy`: choose another name, or replace its files with --replace."
            )
        if not there.exists:
            self._create(name, hardware, private)
        try:
            changed = {path for path, facts in bundle.files.items() if (there.ours or {}).get(path) != facts}
            self._commit(bundle, name, changed, (set(there.ours or {}) & there.files) - set(bundle.files))
        except Exception as error:
            raise _refused(f"the files could not be uploaded to {name}", error) from error
        self._adjust(name, there, hardware, model, private)
        return f"{self._api.endpoint}/spaces/{name}"

    def _check_rights(self, owner: str) -> None:
        try:
            who: dict[str, Any] = self._api.whoami()
        except Exception as error:
            raise _refused("the hub does not say who you are", error) from error
        role = ((who.get("auth") or {}).get("accessToken") or {}).get("role", "write")
        if role == "read":
            raise UserError(
                "the token can only read: make one that can write at https://huggingface.co/settings/tokens.",
                3,
            )
        owners = [str(who.get("name")), *(str(each.get("name")) for each in who.get("orgs") or ())]
        if owner.lower() not in (each.lower() for each in owners):
            raise UserError(
                f"you are {owners[0]} and cannot deploy to {owner}: use {' or '.join(owners)}.", 3
            )

    def _text(self, name: str, file: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            try:
                got = self._api.hf_hub_download(name, file, repo_type="space", local_dir=folder)
                return Path(got).read_text(encoding="utf-8")
            except Exception as error:
                raise _refused(f"{file} of {name} cannot be read", error) from error

    def _model(self, name: str) -> str:
        try:
            variables = self._api.get_space_variables(name)
        except Exception as error:
            raise _refused(f"the variables of {name} cannot be read", error) from error
        return variables[_MODEL].value or "auto" if _MODEL in variables else "auto"

    def _hardware(self, name: str) -> str:
        try:
            runtime = self._api.get_space_runtime(name)
        except Exception:  # a Space that never ran has none
            return ""
        return str(runtime.requested_hardware or runtime.hardware or "")

    def _create(self, name: str, hardware: str, private: bool | None) -> None:
        try:
            self._api.create_repo(
                name,
                repo_type="space",
                space_sdk="gradio",
                private=private,
                space_hardware=hardware or None,  # type: ignore[arg-type]
            )
        except Exception as error:
            raise _refused(f"{name} could not be made", error) from error

    def _commit(self, bundle: Bundle, name: str, changed: set[str], gone: set[str]) -> None:
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        if not changed and not gone:
            return
        added = [
            CommitOperationAdd(path_in_repo=path, path_or_fileobj=bundle.folder / path)
            for path in [*sorted(changed), MANIFEST]
        ]
        deleted = [CommitOperationDelete(path_in_repo=path) for path in sorted(gone)]
        self._api.create_commit(
            name,
            [*added, *deleted],
            repo_type="space",
            commit_message=f"tracedoc deploy, commit {bundle.commit[:12]}",
        )

    def _adjust(self, name: str, there: There, hardware: str, model: str, private: bool | None) -> None:
        """Only what was asked for by name."""
        try:
            if model and model != there.model:
                self._api.add_space_variable(name, _MODEL, model)
            if there.exists and hardware and hardware != there.hardware:
                self._api.request_space_hardware(name, hardware)  # type: ignore[arg-type]
            if there.exists and private is not None:
                self._api.update_repo_settings(name, repo_type="space", private=private)
        except Exception as error:
            raise _refused(f"the files are uploaded, but {name} could not be changed", error) from error


def _refused(what: str, error: Exception) -> UserError:
    """One sentence about what the hub answered."""
    status = getattr(getattr(error, "response", None), "status_code", 0)
    said = getattr(error, "server_message", None) or str(error)
    reason = (said.strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
    advice = {
        401: "log in again with `hf auth login`",
        402: "Spaces on CPUs and GPUs need a paid plan; with a free one, use --hardware zero-a10g",
        403: "the token must be allowed to write to this owner's Spaces",
        429: "try again in a few minutes",
    }.get(status, "check the network, and try again" if not status or status >= 500 else "check the name")
    return UserError(f"{what} ({reason}): {advice}.", 3)

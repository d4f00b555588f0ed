"""A hub on this machine: the few endpoints that a deployment and a data set of feedback use, as the real one
answers them. huggingface_hub is pointed to it by HF_ENDPOINT; nothing of it is patched.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_" + "localhub" * 4
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Repo:
    """A repository: its files, and what was asked for."""

    private: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    hardware: str = "cpu-basic"
    variables: dict[str, str] = field(default_factory=dict)
    commits: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class LocalHub:
    """The hub: `repos` by "spaces/owner/name"; `requests` as "METHOD path"; `refuse` answers requests whose
    line contains a text with a status; files of at least `large` bytes go by LFS."""

    address: str = ""
    role: str = "write"
    repos: dict[str, Repo] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    refuse: dict[str, tuple[int, str]] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    large: int = 1_000_000

    def answer(self, method: str, path: str, body: bytes) -> "tuple[int, Any, dict[str, str]]":
        """Status, body (bytes, or what JSON can hold) and headers."""
        if path == "/api/whoami-v2":
            auth = {"accessToken": {"displayName": "test", "role": self.role}}
            return 200, {"name": "ada", "type": "user", "orgs": [{"name": "team"}], "auth": auth}, {}
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}, {}
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if found := re.fullmatch(r"/api/(spaces|datasets)/([^/]+/[^/]+)(?:/(.*))?", path):
            repo = self.repos.get(f"{found[1]}/{found[2]}")
            if repo is None:
                return 404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"}
            return self._of_repo(repo, found[2], method, found[3] or "", body)
        if found := re.fullmatch(r"/(spaces|datasets)/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self._file(self.repos[f"{found[1]}/{found[2]}"], unquote(found[4]))
        if path.endswith("/info/lfs/objects/batch"):
            return self._batch(json.loads(body))
        if found := re.fullmatch(r"/lfs/(\w+)", path):
            self.objects[found[1]] = body
            return 200, b"", {}
        return 404, {"error": f"no {method} {path}"}, {}

    def _create(self, asked: dict[str, Any]) -> "tuple[int, Any, dict[str, str]]":
        owner = asked.get("organization") or "ada"
        key = f"{asked['type']}s/{owner}/{asked['name']}"
        if key in self.repos:
            return 409, {"error": "You already created this repo", "url": f"{self.address}/{key}"}, {}
        private = asked.get("private") or asked.get("visibility") == "private"
        self.repos[key] = Repo(private=bool(private), hardware=asked.get("hardware") or "cpu-basic")
        self.repos[key].files[".gitattributes"] = b"*.bin filter=lfs\n"
        return 200, {"url": f"{self.address}/{key}"}, {}

    def _of_repo(
        self, repo: Repo, name: str, method: str, what: str, body: bytes
    ) -> "tuple[int, Any, dict[str, str]]":
        if what == "" or what.startswith("revision/"):
            files = [{"rfilename": each} for each in repo.files]
            return (
                200,
                {"id": name, "private": repo.private, "sha": COMMIT, "siblings": files, "tags": []},
                {},
            )
        if what.startswith("tree/"):
            files = [
                {"type": "file", "path": each, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                for each, data in repo.files.items()
            ]
            return 200, files, {}
        if what == "runtime":
            return (
                200,
                {"stage": "RUNNING", "hardware": {"current": repo.hardware, "requested": repo.hardware}},
                {},
            )
        if what == "variables":
            if method == "POST":
                asked = json.loads(body)
                repo.variables[asked["key"]] = asked["value"]
            return 200, {name: {"value": value} for name, value in repo.variables.items()}, {}
        if what == "hardware":
            repo.hardware = json.loads(body)["flavor"]
            return 200, {"stage": "RUNNING", "hardware": {"current": None, "requested": repo.hardware}}, {}
        if what == "settings":
            asked = json.loads(body)
            repo.private = asked.get("private", asked.get("visibility") == "private")
            return 200, {"private": repo.private}, {}
        if what.startswith("preupload/"):
            files = [
                {
                    "path": each["path"],
                    "uploadMode": "lfs" if each["size"] >= self.large else "regular",
                    "shouldIgnore": False,
                }
                for each in json.loads(body)["files"]
            ]
            return 200, {"files": files}, {}
        if what.startswith("commit/"):
            return self._commit(repo, name, body)
        return 404, {"error": f"no {method} {what}"}, {}

    def _commit(self, repo: Repo, name: str, body: bytes) -> "tuple[int, Any, dict[str, str]]":
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        done: dict[str, Any] = {"summary": "", "added": [], "deleted": []}
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                done["summary"] = value["summary"]
            elif line["key"] == "file":
                repo.files[value["path"]] = base64.b64decode(value["content"])
                done["added"].append(value["path"])
            elif line["key"] == "lfsFile":
                repo.files[value["path"]] = self.objects[value["oid"]]
                done["added"].append(value["path"])
            elif line["key"] == "deletedFile":
                del repo.files[value["path"]]
                done["deleted"].append(value["path"])
        repo.commits.append(done)
        return 200, {"commitUrl": f"{self.address}/{name}/commit/{COMMIT}", "commitOid": COMMIT}, {}

    def _file(self, repo: Repo, path: str) -> "tuple[int, Any, dict[str, str]]":
        if path not in repo.files:
            return 404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"}
        data = repo.files[path]
        return 200, data, {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": COMMIT}

    def _batch(self, asked: dict[str, Any]) -> "tuple[int, Any, dict[str, str]]":
        objects = [
            {
                "oid": each["oid"],
                "size": each["size"],
                "actions": {"upload": {"href": f"{self.address}/lfs/{each['oid']}", "header": {}}},
            }
            for each in asked["objects"]
        ]
        return 200, {"transfer": "basic", "objects": objects}, {}


@contextmanager
def local_hub() -> Iterator[LocalHub]:
    """A running hub."""
    hub = LocalHub()
    one = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            body = self._body()
            path = urlsplit(self.path).path
            line = f"{self.command} {path}"
            with one:
                hub.requests.append(line)
                refused = next((each for text, each in hub.refuse.items() if text in line), None)
                if not path.startswith("/lfs/") and self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    status, said, headers = 401, {"error": "Invalid username or password."}, {}
                elif refused:
                    status, said, headers = refused[0], {"error": refused[1]}, {}
                else:
                    status, said, headers = hub.answer(self.command, path, body)
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            if isinstance(said, dict) and "error" in said:
                self.send_header("X-Error-Message", said["error"])
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header(
                "Content-Type", "application/json" if not isinstance(said, bytes) else "text/plain"
            )
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") == "chunked":
                parts = []
                while size := int(self.rfile.readline(), 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _do

        def log_message(self, *arguments: object) -> None:
            """Silence: `requests` has it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()

"""A model hub on loopback: as much of one as `huggingface_hub` needs to list and download a repository.

Owns the one repository it is given; repositories named `gated/…` answer as gated, no other exists. Knows no
model.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34


class Hub(ThreadingHTTPServer):
    """Serves `folder` as the repository `name`, at the revisions main, v1 and COMMIT."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name, self.folder = name, folder
        self.sent: list[str] = []  # names of files whose content was asked for

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def hub(name: str, folder: Path) -> Iterator[Hub]:
    """A running hub with one repository."""
    server = Hub(name, folder)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> Hub:
        return cast(Hub, self.server)

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        api = f"/api/models/{self.hub.name}"
        if "/gated/" in path:
            self._refuse(403, "GatedRepo")
        elif path.startswith(f"{api}/revision/"):
            self._revision(path.removeprefix(f"{api}/revision/"))
        elif path == api:
            self._revision("main")
        elif path.startswith(f"{api}/tree/{COMMIT}"):
            self._json([self._entry(file) for file in self._files()])
        elif path.startswith(f"/{self.hub.name}/resolve/{COMMIT}/"):
            self._content(path.removeprefix(f"/{self.hub.name}/resolve/{COMMIT}/"))
        else:
            self._refuse(404, "RepoNotFound")

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _files(self) -> list[Path]:
        return sorted(path for path in self.hub.folder.rglob("*") if path.is_file())

    def _name(self, file: Path) -> str:
        return file.relative_to(self.hub.folder).as_posix()

    def _entry(self, file: Path) -> dict[str, object]:
        return {"type": "file", "path": self._name(file), "size": file.stat().st_size, "oid": _oid(file)}

    def _revision(self, revision: str) -> None:
        if revision not in ("main", "v1", COMMIT):
            return self._refuse(404, "RevisionNotFound")
        siblings = [{"rfilename": self._name(file)} for file in self._files()]
        return self._json({"id": self.hub.name, "sha": COMMIT, "siblings": siblings})

    def _content(self, name: str) -> None:
        file = self.hub.folder / name
        if not file.is_file():
            return self._refuse(404, "EntryNotFound")
        if self.command == "GET":
            self.hub.sent.append(name)
        return self._answer(200, file.read_bytes(), {"ETag": f'"{_oid(file)}"', "X-Repo-Commit": COMMIT})

    def _json(self, content: object) -> None:
        self._answer(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, b"{}", {"Content-Type": "application/json", "X-Error-Code": code})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _oid(file: Path) -> str:
    return hashlib.sha1(file.read_bytes(), usedforsecurity=False).hexdigest()

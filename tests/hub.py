"""A loopback stand-in for the Hugging Face hub, as far as a release asks: create, refs, preupload, commit, tag; with faults to order."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


class Hub(ThreadingHTTPServer):
    """Files by repository, tags by repository, and `faults`: a path's pattern -> how many times it answers 503 first."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.tags: dict[str, str] = {}
        self.commits: list[str] = []
        self.faults: dict[str, int] = {}
        self.calls: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments) -> None:
        pass

    def answer(self, code: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def handle_call(self) -> None:
        hub, path, body = self.server, unquote(self.path.split("?")[0]), self.body()
        hub.calls.append(f"{self.command} {path}")
        for pattern, left in hub.faults.items():
            if left and re.search(pattern, path):
                hub.faults[pattern] = left - 1
                return self.answer(503, {"error": "busy"})
        if path == "/api/repos/create":
            return self.answer(200, {"url": f"{hub.address}/datasets/me/corpus"})
        if path == "/api/validate-yaml":
            return self.answer(200, {"errors": [], "warnings": []})
        if path.endswith("/refs"):
            tags = [{"name": t, "ref": f"refs/tags/{t}", "targetCommit": c} for t, c in hub.tags.items()]
            return self.answer(200, {"branches": [], "converts": [], "tags": tags})
        if "/preupload/" in path:
            wanted = json.loads(body)["files"]
            return self.answer(
                200,
                {
                    "files": [
                        {"path": f["path"], "uploadMode": "regular", "shouldIgnore": False, "oid": None} for f in wanted
                    ]
                },
            )
        if "/commit/" in path:
            for line in map(json.loads, body.splitlines()):
                value = line["value"]
                if line["key"] == "file":
                    hub.files[value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "deletedFile":
                    hub.files.pop(value["path"], None)
            oid = hashlib.sha1(b"".join(k.encode() + v for k, v in sorted(hub.files.items()))).hexdigest()
            hub.commits.append(oid)
            return self.answer(
                200,
                {
                    "commitOid": oid,
                    "commitUrl": f"{hub.address}/datasets/me/corpus/commit/{oid}",
                    "pullRequestUrl": None,
                },
            )
        if "/tag/" in path:
            hub.tags[json.loads(body)["tag"]] = path.rsplit("/", 1)[1]
            return self.answer(200, {})
        if "/tree/" in path:
            found = [
                {"type": "file", "oid": hashlib.sha1(v).hexdigest(), "size": len(v), "path": k}
                for k, v in hub.files.items()
            ]
            return self.answer(200, found)
        if path.startswith("/api/datasets/"):
            names = [{"rfilename": name} for name in hub.files]
            head = hub.commits[-1] if hub.commits else "0" * 40
            return self.answer(200, {"id": "me/corpus", "sha": head, "private": False, "siblings": names, "tags": []})
        return self.answer(404, {"error": f"no such route: {path}"})

    do_GET = do_POST = do_HEAD = handle_call

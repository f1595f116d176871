"""The output folder, on any file system of fsspec: parts, the state of parts in work, and a commit that nobody sees half of."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import fsspec

from allegedly.schema import AllegedlyError

STATE = "_state"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class OutputError(AllegedlyError):
    """The output cannot be written: the job stops."""


class Output:
    """The folder that a job writes into."""

    def __init__(self, url: str) -> None:
        self.fs, self.path = fsspec.core.url_to_fs(url.rstrip("/"))
        self.local = "file" in self.fs.protocol or "local" in self.fs.protocol
        #: Absolute: a worker on another machine, or one that Ray started elsewhere, has another working folder.
        self.url = self.path if self.local else url.rstrip("/")

    def at(self, name: str) -> str:
        """The path of a file in it, for `fs`."""
        return f"{self.path}/{name}"

    def exists(self, name: str) -> bool:
        """Whether a file is there."""
        return bool(self.fs.exists(self.at(name)))

    def parts(self) -> list[str]:
        """The names of the finished parts."""
        self.fs.invalidate_cache()
        if not self.fs.exists(self.path):
            return []
        names = (p.rsplit("/", 1)[-1] for p in self.fs.ls(self.path, detail=False))
        return sorted(n for n in names if n.startswith("part-") and n.endswith(".parquet"))

    def read(self, name: str) -> Any:
        """A JSON file; None where it is missing or was being written when its writer died."""
        try:
            return json.loads(self.fs.cat_file(self.at(name)))
        except (FileNotFoundError, ValueError):
            return None

    def write(self, name: str, value: Any) -> None:
        """A JSON file, whole or not at all."""
        with self.committed(name) as file:
            file.write_text(json.dumps(value), "utf-8")

    def mark(self, name: str, value: Any) -> None:
        """A small JSON file that may be lost: written in place, without a commit."""
        with self._told(name):
            if self.local:
                Path(self.at(name)).write_text(json.dumps(value), "utf-8")
            else:
                self.fs.pipe_file(self.at(name), json.dumps(value).encode())

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""
        with suppress(FileNotFoundError):
            self.fs.rm_file(self.at(name))

    @contextmanager
    def committed(self, name: str) -> Iterator[Path]:
        """A local path to write to; at the end it becomes the file `name` in one step, or nothing does.

        On a disk it is renamed. An object store has no rename, but a put shows the whole object or none, so it is put under its last name.
        Elsewhere (hdfs) it is put under a temporary name and moved.
        """
        with self._told(name):
            if self.local:
                os.makedirs(self.at(STATE), exist_ok=True)
                draft = Path(self.at(f"{STATE}/{name.replace('/', '-')}.{uuid.uuid4().hex[:12]}.tmp"))
            else:
                draft = Path(tempfile.mkdtemp(prefix="allegedly-")) / "draft"
            try:
                yield draft
                if self.local:
                    with open(draft, "rb") as file:
                        os.fsync(file.fileno())
                    os.replace(draft, self.at(name))
                elif _is_object_store(self.fs):
                    self.fs.put_file(str(draft), self.at(name))
                else:
                    passing = self.at(f"{STATE}/{name.replace('/', '-')}.{uuid.uuid4().hex[:12]}.tmp")
                    self.fs.makedirs(self.at(STATE), exist_ok=True)
                    self.fs.put_file(str(draft), passing)
                    self.fs.mv(passing, self.at(name))
            finally:
                if self.local:
                    draft.unlink(missing_ok=True)
                else:
                    shutil.rmtree(draft.parent, ignore_errors=True)

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        """A full or read-only disk as what it is."""
        try:
            yield
        except OSError as error:
            if error.errno in FULL or "No space left" in str(error):
                raise OutputError(
                    f"{self.url}/{name}: cannot be written: {os.strerror(error.errno or errno.ENOSPC)}. Finished parts stay; make room, "
                    "and the same command goes on with the rest"
                ) from error
            raise

    def tidy(self) -> None:
        """Remove the drafts of writers that died."""
        with suppress(FileNotFoundError):
            for path in self.fs.ls(self.at(STATE), detail=False):
                if path.endswith(".tmp"):
                    with suppress(FileNotFoundError):
                        self.fs.rm_file(path)


def _is_object_store(fs: Any) -> bool:
    protocols = {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)
    return bool(protocols & {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "memory"})

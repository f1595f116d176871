"""Annotations back from Label Studio, as layers. Snapshot exports alone: JSON_MIN and CSV lose the arrows.

Everything is checked before anything is written, article by article: a faulty annotation leaves its layer as it was and is
named with a link; the others are written. The raw export stays as a backup.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

from allegedly.annotate import article_of
from allegedly.schema import AllegedlyError, Article, Attribution, ExternalRecord
from allegedly.store import Corpus, bare, dump_records, embedded_root, parse, sha256, surface, write_atomic
from allegedly.studio import StudioError, convert
from allegedly.studio.client import Client
from allegedly.studio.convert import Problem
from allegedly.studio.home import Home, private
from allegedly.studio.labelling import NOTHING
from allegedly.validate.layers import Place, check_layer
from allegedly.validate.rules import RULES

LAYER = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")
KEPT = 20  # raw exports that stay
Status = Literal["new", "updated", "same", "refused", "gone"]


@dataclass
class Outcome:
    """What became of one annotation."""

    article: str
    annotator: str
    status: Status
    link: str = ""
    drawn: convert.Drawn = field(default_factory=convert.Drawn)

    @property
    def name(self) -> str:
        """Annotator and article, as the layer's path has them."""
        return f"{self.annotator}/{self.article}"


@dataclass
class Pulled:
    """What a pull did: an outcome for each annotation, and messages on tasks that are none of ours."""

    outcomes: list[Outcome] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    backup: Path | None = None

    def of(self, *status: str) -> list[Outcome]:
        """The outcomes of some status."""
        return [o for o in self.outcomes if o.status in status]


@contextmanager
def one_at_a_time(home: Home, what: str) -> Iterator[None]:
    """Hold the lock of pulls; StudioError where another holds it."""
    from filelock import FileLock, Timeout

    private(home.state)
    try:
        with FileLock(home.state / "pull.lock", timeout=0.5):
            yield
    except Timeout:
        raise StudioError(f"another push or pull is at work; run this {what} when it is done") from None


def pull(client: Client, home: Home, corpus: Corpus, project: int, title: str, named: str | None = None) -> Pulled:
    """Bring a project's annotations into `annotations/layers/<annotator>`; `named` is the layer of a single annotator."""
    if named and not LAYER.match(named):
        raise StudioError(f"--as {named!r}: a layer's name has letters, digits, . _ - and at most 60 of them")
    with one_at_a_time(home, "pull"):
        if corpus.root == embedded_root():
            raise StudioError(
                "the corpus inside the installed package is not to be written into: clone the project, or name a folder with --corpus"
            )
        raw = fetch(client, home, project, title)
        if named:
            with opened(raw) as file:
                emails = {email for task in tasks_of(file) for email in latest(task)}
            if len(emails) > 1:
                raise StudioError(
                    f"--as {named}: {len(emails)} annotators worked in {title!r}; nothing was written. Pull without --as"
                )
        with opened(raw) as file:
            done = take(home, corpus, tasks_of(file), f"{client.url}/projects/{project}", title, named)
        done.backup = raw
        return done


def fetch(client: Client, home: Home, project: int, title: str) -> Path:
    """Export a project into the backups, packed; older exports of it are cleared away but for the last ones."""
    private(home.backups)
    stem = "".join(c if c.isalnum() else "-" for c in title)
    plain_file = (
        home.backups / f"{stem}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{time.time_ns() % 10**6:06}.json"
    )
    client.export(project, plain_file)
    packed = plain_file.with_suffix(".json.gz")
    partial = packed.with_suffix(".partial")
    try:
        with plain_file.open("rb") as source, gzip.open(partial, "wb", compresslevel=3) as target:
            shutil.copyfileobj(source, target, 1 << 20)
        os.replace(partial, packed)
    except OSError as error:
        raise StudioError(f"{packed} cannot be written: {error.strerror}; earlier backups are as they were") from None
    finally:
        partial.unlink(missing_ok=True)
        plain_file.unlink(missing_ok=True)
    own = re.compile(
        re.escape(stem) + r"-\d{8}-\d{6}-\d{6}\.json\.gz"
    )  # not those of a project whose title begins alike
    exports = sorted(p for p in home.backups.iterdir() if own.fullmatch(p.name))
    for old in exports[:-KEPT]:
        if old != packed:
            old.unlink()
    return packed


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A raw export, packed or not."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        yield file  # type: ignore[misc]


def tasks_of(file: BinaryIO) -> Iterator[Mapping[str, Any]]:
    """The tasks of an export, one at a time, so that memory stays flat. StudioError for a file that is no full export."""
    import ijson

    try:
        for task in ijson.items(file, "item", use_float=True):
            if not isinstance(task, Mapping) or "annotations" not in task or "data" not in task:
                raise StudioError("this is no full JSON export: JSON_MIN and CSV lose the arrows between regions")
            yield task
    except (ijson.JSONError, UnicodeDecodeError, EOFError) as error:
        raise StudioError(f"the export is no JSON: {error}") from None


def take(
    home: Home, corpus: Corpus, tasks: Iterator[Mapping[str, Any]], link: str, title: str, named: str | None
) -> Pulled:
    """Check every annotation and write the layers of the good ones."""
    done = Pulled()
    key = f"{link} {title}"
    before: dict[str, Any] = home.read("pulled").get(key, {})
    met: dict[str, Any] = {}
    for task in tasks:
        place = f"{link}/data?task={task.get('id')}"
        try:
            article = _article(corpus, task)
        except AllegedlyError as error:
            done.messages.append(f"task {task.get('id')}: {error} [{place}]")
            name = str(task["data"].get("article_id"))
            met |= {known_as: old for known_as, old in before.items() if known_as.endswith(f"/{name}")}
            continue
        for email, annotation in latest(task).items():
            person = home.pseudonym(email)
            who = named or person
            outcome = Outcome(article.id, who, "refused", f"{place}&annotation={annotation.get('id')}")
            done.outcomes.append(outcome)
            known_as = f"{person}/{article.id}"
            if known_as in met:
                message = "a second task shows this article, and the same person annotated both: delete one of them in Label Studio"
                outcome.drawn.problems.append(Problem("", message))
                continue
            met[known_as] = before.get(known_as)
            outcome.drawn = drawn_of(corpus, article, task, annotation)
            if not outcome.drawn.problems:
                outcome.status = write_layer(corpus, article, who, outcome.drawn.attributions)
                met[known_as] = {"layer": who, "origins": dict(outcome.drawn.origins)}
        if task.get("drafts"):
            done.messages.append(f"{article.id}: a draft is not submitted yet [{place}]")
    for known_as in sorted(before.keys() - met.keys()):
        person, _, article_id = known_as.partition("/")
        done.outcomes.append(Outcome(article_id, str((before[known_as] or {}).get("layer", person)), "gone"))
    home.write("pulled", home.read("pulled") | {key: {**before, **met}})
    return done


def _article(corpus: Corpus, task: Mapping[str, Any]) -> Article:
    """The article that a task shows. An error where it is none of the corpus, or its text is another one."""
    data = task["data"]
    name = str(data.get("article_id") or "")
    if not name:
        raise StudioError("it shows no article of ours (no article_id in its data)")
    if not known(corpus, name) and sha256(str(data.get("text")).encode()) == data.get("sha256"):
        return article_of(name, str(data["text"]))  # pushed with --files
    article = corpus.article(name)
    if data.get("sha256") != article.record.sha256 or data.get("text") != article.text:
        raise StudioError(
            f"it shows another text than {name} has: offsets would shift. Push the new text into a new project"
        )
    return article


def known(corpus: Corpus, article: str) -> bool:
    """Whether an article is registered in the corpus."""
    return article in corpus.records or article in corpus.external


def latest(task: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Each annotator's last annotation of a task, by e-mail; cancelled ones are left out."""
    found: dict[str, Mapping[str, Any]] = {}
    for annotation in sorted(task["annotations"], key=lambda a: (str(a.get("updated_at")), str(a.get("id")))):
        by = annotation.get("completed_by")
        email = by.get("email") if isinstance(by, Mapping) else f"user {by}"
        if not annotation.get("was_cancelled"):
            found[str(email)] = annotation
    return found


def drawn_of(corpus: Corpus, article: Article, task: Mapping[str, Any], annotation: Mapping[str, Any]) -> convert.Drawn:
    """An annotation as records, judged by the rules of `validate` too."""
    try:
        base = [
            surface(parse(Attribution, dict(line), f"task {task.get('id')}"), article.text)
            for line in task["data"].get("base") or ()
        ]
    except (AllegedlyError, TypeError, ValueError) as error:
        message = f"the records that were pushed with it cannot be read ({error}): push the article into a new project"
        return convert.Drawn(problems=[Problem("", message)])
    drawn = convert.read(article, annotation.get("result"), base)
    if not drawn.attributions and not drawn.problems and NOTHING not in drawn.flags:
        drawn.problems.append(Problem("", f"it is empty; tick “{NOTHING}” if that is meant"))
    lines = list(enumerate(drawn.attributions, 1))
    for finding in check_layer(article, lines, Place("", article.id), corpus.stories.get(article.story)):
        found = Problem(finding.attribution or "", f"{finding.code} {RULES[finding.code].name}: {finding.message}")
        (drawn.problems if RULES[finding.code].level == "error" else drawn.notes).append(found)
    return drawn


def write_layer(corpus: Corpus, article: Article, annotator: str, attributions: Sequence[Attribution]) -> Status:
    """Write one layer, unless it says the same already; of a text that is not registered, into annotations/unregistered."""
    folder = "layers" if known(corpus, article.id) else "unregistered"
    path = corpus.path("annotations", folder, annotator, f"{article.id}.jsonl")
    foreign = isinstance(article.record, ExternalRecord)
    data = dump_records([bare(a) if foreign else a for a in attributions])
    old = path.read_bytes() if path.exists() else None
    if old == data:
        return "same"
    write_atomic(path, data)
    return "new" if old is None else "updated"


def origins(home: Home, title: str) -> dict[str, Counter[str]]:
    """By layer and article: how many regions were left as predicted, changed, or drawn by hand."""
    found: dict[str, Counter[str]] = {}
    for key, pulled in home.read("pulled").items():
        if key.split(" ", 1)[-1] == title:
            for known_as, entry in pulled.items():
                if entry:
                    found[f"{entry['layer']}/{known_as.partition('/')[2]}"] = Counter(entry["origins"])
    return found


def load_raw(path: Path) -> list[Any]:
    """A raw export, whole; for tests and for the practice project, which are small."""
    with opened(path) as file:
        return list(json.load(file))

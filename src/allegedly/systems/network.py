"""The network of `encoder`: a `transformers` encoder with a head that tags and a head that reads stance, in torch.

It knows windows of word pieces, label numbers and places in windows only; what they mean is for `encoder`.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import os
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor, nn
from torch.nn import functional

from allegedly.systems.tagger import LABELS
from allegedly.systems.windows import LOOKS, Window

RATE, HEAD_RATE, DECAY = 3e-4, 1.5e-3, 0.01
WARM = 0.06  # share of the steps with a rising rate
BATCH = 8  # windows of a step
READ = 32  # windows read at once when nothing is learned
SAVE = 300.0  # seconds between two checkpoints


@dataclass(frozen=True)
class Ask:
    """An attribution whose stance is asked: its window, and the places of its cue's and its claim's first pieces there."""

    window: int
    cue: tuple[int, ...]
    claim: tuple[int, ...]


class Network(nn.Module):
    """The encoder and its two heads."""

    def __init__(self, encoder: Any, stances: int) -> None:
        super().__init__()
        self.encoder = encoder
        width = encoder.config.hidden_size
        words = encoder.get_input_embeddings()
        words.requires_grad_(False)  # news has more words than any training set: they stay where they were learned
        self.looks = nn.Embedding(LOOKS, words.embedding_dim)
        nn.init.zeros_(self.looks.weight)
        self.dropout = nn.Dropout(0.1)
        self.tag = nn.Linear(width, len(LABELS))
        self.stance = nn.Linear(2 * width, stances)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.looks.weight.device

    def forward(self, windows: Sequence[Window]) -> Tensor:
        """The vector of each piece, (windows, longest, width)."""
        longest = max(len(w.pieces) for w in windows)
        pieces = torch.zeros((len(windows), longest), dtype=torch.long)
        looks, mask = torch.zeros_like(pieces), torch.zeros_like(pieces)
        for n, w in enumerate(windows):
            pieces[n, : len(w.pieces)] = torch.tensor(w.pieces)
            looks[n, : len(w.pieces)] = torch.tensor(w.looks)
            mask[n, : len(w.pieces)] = 1
        pieces, looks, mask = (x.to(self.device) for x in (pieces, looks, mask))
        seen = self.encoder.get_input_embeddings()(pieces) + self.looks(looks)
        found: Tensor = self.encoder(inputs_embeds=seen, attention_mask=mask).last_hidden_state
        return found

    def stances(self, hidden: Tensor, asks: Sequence[tuple[int, Ask]]) -> Tensor:
        """What each attribution's cue and claim say of its stance; the number is the window's among `hidden`."""
        width = hidden.shape[-1]

        def mean(n: int, places: tuple[int, ...]) -> Tensor:
            return hidden[n, list(places)].mean(0) if places else hidden.new_zeros(width)

        vectors = [torch.cat([mean(n, a.cue), mean(n, a.claim)]) for n, a in asks]
        found: Tensor = self.stance(self.dropout(torch.stack(vectors)))
        return found


def made(name: str, stances: int, seed: int) -> tuple[Network, Any]:
    """A pretrained encoder, by hub name or folder, with heads that are drawn by a seed, on the best device; and its tokenizer."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(name)
    torch.manual_seed(seed)
    encoder = transformers.AutoModel.from_pretrained(name).float()
    if encoder.config.is_encoder_decoder:
        raise ValueError("expected an encoder alone, got one with a decoder")
    return Network(encoder, stances).to(best_device()), tokenizer


def best_device() -> str:
    """A GPU where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


@dataclass(frozen=True)
class Lesson:
    """What is learned from: windows, the label of each of their tokens, and the stances asked in each window."""

    windows: list[Window]
    labels: list[Any]
    asks: list[list[tuple[Ask, int]]]

    def part(self, numbers: Sequence[int]) -> Lesson:
        """Some of the windows."""
        return Lesson(
            [self.windows[i] for i in numbers], [self.labels[i] for i in numbers], [self.asks[i] for i in numbers]
        )

    def digest(self, *more: object) -> str:
        """What was learned from, and how, as a name for checkpoints."""
        recipe = (torch.__version__, transformers.__version__, RATE, HEAD_RATE, DECAY, WARM, BATCH, *more)
        seen = hashlib.sha256(json.dumps([str(x) for x in recipe]).encode())
        for window, labels, asks in zip(self.windows, self.labels, self.asks, strict=True):
            whole = [window.pieces, window.looks, labels.tolist(), [(str(a), s) for a, s in asks]]
            seen.update(json.dumps(whole).encode())
        return seen.hexdigest()[:24]


def loss(network: Network, hidden: Tensor, lesson: Lesson) -> Tensor:
    """Cross-entropy of the labels, and of the stances at half weight."""
    places = [(n, p) for n, w in enumerate(lesson.windows) for p in w.first.tolist()]
    rows, columns = torch.tensor(places).T
    logits = network.tag(network.dropout(hidden[rows, columns]))
    gold = torch.from_numpy(np.concatenate(lesson.labels)).long().to(network.device)
    total = functional.cross_entropy(logits, gold)
    asked = [(n, a, s) for n, asks in enumerate(lesson.asks) for a, s in asks]
    if asked:
        said = network.stances(hidden, [(n, a) for n, a, _ in asked])
        stances = torch.tensor([s for _, _, s in asked], device=network.device)
        total = total + 0.5 * functional.cross_entropy(said, stances)
    return total


def fit(
    network: Network, lesson: Lesson, held: Lesson, epochs: int, patience: int, seed: int, file: Path, said: Callable[[str], None]
) -> int:  # fmt: skip
    """Learn; stop when `held` has not gained for `patience` epochs, and keep the best. Returns the epochs that were run.

    The state is written to the file every few minutes, and a run that was cut off goes on from it, to the same weights. Where nothing
    is held out, or nothing in it is ever found, the last epoch is the best.
    """
    torch.manual_seed(seed)
    steps = -(-len(lesson.windows) // BATCH)
    heads = [p for n, p in network.named_parameters() if not n.startswith("encoder.")]
    body = [p for n, p in network.named_parameters() if n.startswith("encoder.") and p.requires_grad]
    groups = [{"params": body, "lr": RATE}, {"params": heads, "lr": HEAD_RATE}]
    optimizer = torch.optim.AdamW(groups, weight_decay=DECAY)
    total = max(1, steps * epochs)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / max(1, WARM * total), max(0.0, (total - s) / (total * (1 - WARM))))
    )
    parts = {"network": network, "optimizer": optimizer, "schedule": schedule}
    state: dict[str, Any] = {"epoch": 0, "step": 0, "best": 0.0, "waited": 0, "kept": None}
    state |= _resumed(file, parts, said)
    written = time.monotonic()
    while state["epoch"] < epochs and state["waited"] < patience:
        network.train()
        order = list(_batches(lesson.windows, np.random.default_rng([seed, state["epoch"]])))
        for numbers in order[state["step"] :]:
            some = lesson.part(numbers)
            optimizer.zero_grad()
            value = loss(network, network(some.windows), some)
            value.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            state["step"] += 1
            if state["step"] % 20 == 0:
                said(f"epoch {state['epoch'] + 1} of {epochs}, step {state['step']} of {steps}, loss {value:.3f}")
            if time.monotonic() - written > SAVE:
                _keep(file, parts, state, said)
                written = time.monotonic()
        state |= {"epoch": state["epoch"] + 1, "step": 0}
        score = held_out(network, held)
        said(f"epoch {state['epoch']} of {epochs}: held-out token F1 {score:.4f}")
        if score > state["best"]:
            state |= {"best": score, "waited": 0, "kept": copy.deepcopy(network.state_dict())}
        elif state["best"]:
            state["waited"] += 1
        _keep(file, parts, state, said)
    if state["kept"]:
        network.load_state_dict(state["kept"])
    network.eval().zero_grad()
    with contextlib.suppress(OSError):
        file.unlink()
    return int(state["epoch"])


def _keep(file: Path, parts: dict[str, Any], state: dict[str, Any], said: Callable[[str], None]) -> None:
    """Write a checkpoint; one that cannot be written costs time, not the answer."""
    random = [torch.get_rng_state(), *(torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [])]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state | {k: p.state_dict() for k, p in parts.items()} | {"random": random}, f"{file}.part")
        os.replace(f"{file}.part", file)
    except (OSError, RuntimeError) as error:
        said(f"{file}: cannot be written ({error})")


def _resumed(file: Path, parts: dict[str, Any], said: Callable[[str], None]) -> dict[str, Any]:
    """The state in a checkpoint, once its parts are put back; empty where there is none that can be read."""
    if not file.exists():
        return {}
    try:
        with zipfile.ZipFile(file) as whole:
            if whole.testzip():
                raise ValueError("damaged")
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
        random = state.pop("random")
        found = [(part, state.pop(name)) for name, part in parts.items()]
    except Exception as error:  # torch raises nearly anything
        said(f"{file}: cannot be read, learning begins anew ({type(error).__name__})")
        return {}
    for part, there in found:
        part.load_state_dict(there)
    torch.set_rng_state(random[0])
    if len(random) - 1 == torch.cuda.device_count() > 0:
        torch.cuda.set_rng_state_all(random[1:])
    said(f"goes on at epoch {state['epoch'] + 1}, step {state['step']}")
    return state


def held_out(network: Network, held: Lesson) -> float:
    """Micro F1 of the labels but O, on windows that were not learned from; 0 where there are none."""
    if not held.windows:
        return 0.0
    network.eval()
    found = np.concatenate([x.argmax(1) for x in read(network, held.windows).scores])
    gold = np.concatenate(held.labels)
    right = int(((found == gold) & (gold > 0)).sum())
    return 2 * right / max(1, int((gold > 0).sum() + (found > 0).sum()))


def _batches(windows: Sequence[Window], random: np.random.Generator) -> Iterator[list[int]]:
    """Windows of like length together, the batches in random order: little padding."""
    lengths = np.array([len(w.pieces) for w in windows]) + random.integers(0, 16, len(windows))
    order = np.argsort(lengths, kind="stable")
    batches = [order[i : i + BATCH].tolist() for i in range(0, len(order), BATCH)]
    for number in random.permutation(len(batches)):
        yield batches[number]


@dataclass(frozen=True)
class Read:
    """What the network says of windows: log-probabilities of each token's labels, and the vectors of the pieces if asked for."""

    scores: list[Any]
    hidden: list[Tensor]


@torch.inference_mode()
def read(network: Network, windows: Sequence[Window], vectors: bool = False) -> Read:
    """Read windows, longest together."""
    order = sorted(range(len(windows)), key=lambda n: -len(windows[n].pieces))
    scores: list[Any] = [None] * len(windows)
    hidden: list[Any] = [None] * len(windows)
    for start in range(0, len(order), READ):
        numbers = order[start : start + READ]
        seen = network([windows[n] for n in numbers])
        for row, n in enumerate(numbers):
            own = seen[row, torch.from_numpy(windows[n].first).to(network.device)]
            scores[n] = network.tag(own).log_softmax(1).cpu().numpy()
            if vectors:
                hidden[n] = seen[row, : len(windows[n].pieces)]
    return Read(scores, hidden)


@torch.inference_mode()
def stances(network: Network, hidden: Sequence[Tensor], asks: Sequence[Ask]) -> Any:
    """Log-probabilities of each asked stance, (asks, stances)."""
    rows = [network.stances(hidden[a.window][None], [(0, a)])[0].log_softmax(0) for a in asks]
    return torch.stack(rows).cpu().numpy() if rows else np.zeros((0, network.stance.out_features), np.float32)


def quantized(network: Network) -> Network:
    """The network for inference: itself, or with ALLEGEDLY_ENCODER_INT8=1 and on a CPU a copy with 8-bit weights, where torch can make one.

    Measured without 8-bit instructions (AVX2 alone) it is no faster, and half a point worse: so it is asked for, not given.
    """
    if network.device.type != "cpu" or os.environ.get("ALLEGEDLY_ENCODER_INT8") != "1":
        return network
    fast = copy.deepcopy(network)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch announces that this will move to torchao
        try:
            torch.ao.quantization.quantize_dynamic(fast.encoder, {nn.Linear}, dtype=torch.qint8, inplace=True)
        except (AttributeError, RuntimeError):
            return network
    return fast

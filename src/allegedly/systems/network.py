"""The network of `encoder`: a `transformers` encoder with a head that tags and a head that reads stance, in torch.

It knows windows of word pieces, label numbers and places in windows only; what they mean is for `encoder`.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

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
        self.looks = nn.Embedding(LOOKS, width)
        nn.init.zeros_(self.looks.weight)
        self.dropout = nn.Dropout(0.1)
        self.tag = nn.Linear(width, len(LABELS))
        self.stance = nn.Linear(2 * width, stances)
        for parameter in encoder.get_input_embeddings().parameters():
            parameter.requires_grad = (
                False  # news has more words than any training set: they stay where they were learned
            )

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


def load_encoder(name: str) -> tuple[Any, Any]:
    """A pretrained encoder and its tokenizer, by hub name or folder. OSError where it cannot be had."""
    return AutoModel.from_pretrained(name), AutoTokenizer.from_pretrained(name)


def made(encoder: Any, stances: int, seed: int) -> Network:
    """A network whose heads are drawn by a seed, on the best device."""
    torch.manual_seed(seed)
    return Network(encoder, stances).to(best_device())  # type: ignore[no-any-return]


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
        seen = hashlib.sha256(json.dumps([str(m) for m in more]).encode())
        for window, labels, asks in zip(self.windows, self.labels, self.asks, strict=True):
            seen.update(
                json.dumps([window.pieces, window.looks, labels.tolist(), [(str(a), s) for a, s in asks]]).encode()
            )
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
        total = total + 0.5 * functional.cross_entropy(
            said, torch.tensor([s for _, _, s in asked], device=network.device)
        )
    return total


def fit(
    network: Network, lesson: Lesson, held: Lesson, epochs: int, patience: int, seed: int, folder: Path | None, said: Callable[[str], None]
) -> int:  # fmt: skip
    """Learn; stop when `held` has not gained for `patience` epochs, and keep the best. Returns the epochs that were run.

    With a folder, the state is written there every few minutes and a run that was cut off goes on from it, to the same weights.
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
    state: dict[str, Any] = {"epoch": 0, "step": 0, "best": -1.0, "waited": 0, "kept": None}
    file = folder / "checkpoint.pt" if folder else None
    if file and file.exists():
        try:
            state = torch.load(file, weights_only=True)
        except (OSError, ValueError, RuntimeError, EOFError):
            said(f"{file}: cannot be read; learning begins anew")
        else:
            network.load_state_dict(state.pop("network"))
            optimizer.load_state_dict(state.pop("optimizer"))
            schedule.load_state_dict(state.pop("schedule"))
            torch.set_rng_state(state.pop("random"))
            said(f"goes on at epoch {state['epoch'] + 1}, step {state['step']} of {steps}")

    def keep() -> None:
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            whole = {
                "network": network.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
            }
            torch.save(state | whole | {"random": torch.get_rng_state()}, f"{file}.part")
            os.replace(f"{file}.part", file)

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
                said(
                    f"epoch {state['epoch'] + 1} of {epochs}, step {state['step']} of {steps}, loss {value.item():.3f}"
                )
            if time.monotonic() - written > SAVE:
                keep()
                written = time.monotonic()
        state["epoch"], state["step"] = state["epoch"] + 1, 0
        score = held_out(network, held)
        said(f"epoch {state['epoch']} of {epochs}: held-out token F1 {score:.4f}")
        state["waited"] += 1
        if score > state["best"]:
            kept = {k: v.clone() for k, v in network.state_dict().items()}
            state |= {"best": score, "waited": 0, "kept": kept}
        keep()
    if state["kept"] is not None:
        network.load_state_dict(state["kept"])
    network.eval()
    if file and file.exists():
        file.unlink()
    return int(state["epoch"])


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
    """The same network with its weights as 8-bit integers, for inference on a CPU."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch announces that this will move to torchao
        network.encoder = torch.ao.quantization.quantize_dynamic(network.encoder, {nn.Linear}, dtype=torch.qint8)
    return network

"""Fine-tune a small token classifier for claims with plain PyTorch, on windows of a fast tokenizer's labels.

python examples/token_classifier.py MODEL      # a model's name or folder; a few minutes on a CPU for a small one
"""

import sys

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

import allegedly

name, epochs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
tokenizer = AutoTokenizer.from_pretrained(name)
model = AutoModelForTokenClassification.from_pretrained(name, num_labels=3)
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)


def windows(split):
    for row in allegedly.load("articles", split):
        spans = [span for a in row["attributions"] for span in a["claim"]]
        yield from allegedly.align(row, tokenizer, spans, max_length=256, stride=64)


def tensors(window):
    return {k: torch.tensor([window[k]]) for k in ("input_ids", "attention_mask", "labels")}


model.train()
for epoch in range(epochs):
    for step, window in enumerate(windows("train")):
        loss = model(**tensors(window)).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step % 50 == 0:
            print(f"epoch {epoch + 1} step {step}: loss {loss.item():.3f}")

model.eval()
right = total = 0
with torch.no_grad():
    for window in windows("validation"):
        batch = tensors(window)
        seen = batch["labels"] != -100
        right += (model(**batch).logits.argmax(-1)[seen] == batch["labels"][seen]).sum().item()
        total += seen.sum().item()
print(f"token accuracy {right / total:.4f} on {total} tokens of validation")

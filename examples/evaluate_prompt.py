"""Evaluate a prompt: `answer` stands for any model, here for one that reads a few words of the cue."""

import allegedly
from allegedly import harness


def answer(prompt: str) -> str:
    cue = prompt.split("\nCue: ")[1].split("\n")[0].lower()
    return "deny" if any(w in cue for w in ("den", "reject", "dismiss", "not", "no ")) else "assert"


rows = allegedly.load("stance", "validation")
pairs = [(harness.label("stance", r), harness.parse_label("stance", answer(harness.stance_prompt(r)))) for r in rows]
print(f"StanceF1 {harness.label_score('stance', pairs):.4f} on {len(pairs)} attributions")

"""The built dataset on several versions of `datasets`, each in a fresh environment: every config and split, plain and streaming, one digest each.

python benchmarks/versions.py [2.21.0 3.6.0 4.8.5 5.2.0]      # exit status 1 unless all digests are equal
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

VERSIONS = ("2.21.0", "3.6.0", "4.8.5", "5.2.0")
#: What an old version needs that is old too.
BESIDE = {
    "2.21.0": ["pyarrow<21", "numpy<2.3", "fsspec<2024.7", "huggingface_hub<0.26"],
    "3.6.0": ["pyarrow<22", "huggingface_hub<1"],
}
LOADER = """
import hashlib, json, os, sys
os.environ["HF_HUB_OFFLINE"] = "1"
import datasets
datasets.disable_progress_bars()
folder, digest = sys.argv[1], hashlib.sha256()
for config in sorted(os.listdir(os.path.join(folder, "data"))):
    for split in ("train", "validation", "test"):
        if not json.load(open(os.path.join(folder, "MANIFEST.json")))["configs"].get(config, {}).get(split, {}).get("rows"):
            continue
        plain = datasets.load_dataset(folder, config, split=split)
        streamed = datasets.load_dataset(folder, config, split=split, streaming=True)
        labels = {n: f.names for n, f in plain.features.items() if isinstance(f, datasets.ClassLabel)}
        digest.update(json.dumps([config, split, plain.num_rows, labels], sort_keys=True).encode())
        for one, other in zip(plain, streamed):
            assert one == other, (config, split, one["id"])
            digest.update(json.dumps(one, sort_keys=True).encode())
print(digest.hexdigest())
"""


def environment(place: Path, *packages: str) -> Path:
    """A fresh environment with some packages; its Python. What is run once is not compiled before."""
    python = place / "bin" / "python"
    if uv := shutil.which("uv"):
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(place)], check=True)
        install = [uv, "pip", "install", "-q", "--python", str(python)]
    else:
        venv.create(place)
        install = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-compile"]
    subprocess.run([*install, *packages], check=True, capture_output=True, timeout=900)
    return python


def loaded(version: str, dataset: Path, home: Path) -> str:
    """The digest that one version of `datasets` gives, in an environment of its own."""
    python = environment(home / version, f"datasets=={version}", *BESIDE.get(version, []))
    done = subprocess.run(
        [str(python), "-c", LOADER, str(dataset)],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HF_HOME": str(home / version / "hf"), "HOME": str(home / version)},
        check=False,
    )
    return done.stdout.strip() or f"failed: {done.stderr.strip().splitlines()[-1]}"


def main() -> int:
    """Print one digest a version."""
    from allegedly.dataset import build
    from allegedly.store import open_corpus

    wanted = sys.argv[1:] or VERSIONS
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        build(open_corpus(), home / "dataset")
        with ThreadPoolExecutor(2) as pool:
            found = dict(zip(wanted, pool.map(lambda v: loaded(v, home / "dataset", home), wanted), strict=True))
    for version, digest in found.items():
        print(f"datasets {version:8} {digest}")
    return int(len(set(found.values())) > 1)


if __name__ == "__main__":
    sys.exit(main())

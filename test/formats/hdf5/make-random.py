"""Writes HDF5 files of random structure, and what they hold: for random.slow.test.ts.

    python3 test/formats/hdf5/make-random.py FOLDER COUNT
"""

import json
import random
import sys
from pathlib import Path

import h5py
import numpy as np

VERSIONS = [None, ("v108", "v108"), ("earliest", "v110"), ("v110", "latest")]
TYPES = ["<f4", ">f4", "<f8", "<f2", ">f8", "<i8", "|u1", "<i4", ">i2", "<u4"]
TEXTS = ["one text", "Schlüssel 钥匙", ["a", "bc", "déf"], np.array([b"x", b"yyy"]), "", "z" * 3000]


def options(shape, version):
    """How the array is stored; chunks only in the form that the reader knows."""
    if not shape or 0 in shape or version == VERSIONS[3] or random.random() < 0.6:
        return {}
    chosen = {"chunks": tuple(random.randint(1, length) for length in shape)}
    if random.random() < 0.6:
        chosen["compression"] = "gzip"
    if random.random() < 0.5:
        chosen["shuffle"] = True
    return chosen


def write(path, number):
    version = random.choice(VERSIONS)
    arrays, texts = [], []
    with h5py.File(path, "w", track_order=random.random() < 0.3, libver=version) as file:
        groups = [file]
        for i in range(random.randint(1, 4)):
            name = f"g{i}" + "x" * random.randint(0, 60)
            groups.append(random.choice(groups).create_group(name, track_order=random.random() < 0.3))
        # Above 8 links or attributes the newer form moves them to a heap, above 45 its index has two levels.
        for i in range(random.choice([1, 5, 9, 20, 60, 120])):
            shape = tuple(random.randint(0 if random.random() < 0.1 else 1, 6) for _ in range(random.randint(0, 4)))
            value = np.random.default_rng(number).integers(0, 100, shape).astype(random.choice(TYPES))
            name = f"d{i}" + "y" * random.randint(0, 30)
            array = random.choice(groups).create_dataset(name, data=value, **options(shape, version))
            little = value.astype(value.dtype.newbyteorder("<"))
            arrays.append({"path": array.name, "shape": list(shape), "raw": little.tobytes().hex()})
        for i in range(random.choice([0, 2, 7, 9, 40])):
            group, text = random.choice(groups), random.choice(TEXTS)
            group.attrs[f"a{i}"] = text
            words = [text] if isinstance(text, str) else [w.decode() if isinstance(w, bytes) else w for w in text]
            texts.append({"path": group.name, "attribute": f"a{i}", "texts": words})
    path.with_suffix(".json").write_text(json.dumps({"arrays": arrays, "texts": texts}))


def main(folder, count):
    random.seed(42)
    for number in range(count):
        write(folder / f"{number}.h5", number)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

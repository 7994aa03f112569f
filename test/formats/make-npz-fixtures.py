"""Writes the NumPy files that the tests of src/formats read, and what they hold.

    python3 test/formats/make-npz-fixtures.py

Needs NumPy (made with 1.24). The files are a few kB each and ours.
"""

import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "fixtures" / "npz"

NAMES = {"float16": "F16", "float32": "F32", "float64": "F64", "int64": "I64", "uint8": "U8", "bool": "BOOL"}

ARRAYS = {
    "layer1.0.conv1.weight": np.arange(24, dtype="float32").reshape(2, 3, 2, 2),
    "fortran": np.asfortranarray(np.arange(24, dtype="float32").reshape(2, 3, 4)),
    "big_endian": np.arange(3, dtype=">f4"),
    "double": np.array([0.1, -3.0]),
    "half": np.array([1.5, -0.0, 65504.0], "float16"),
    "scalar": np.array(7.0, "float32"),
    "long": np.array([2**40 + 1]),
    "byte": np.arange(5, dtype="uint8"),
    "bool": np.array([True, False]),
    "empty": np.zeros((0, 5), "float32"),
}


def describe(arrays):
    described = []
    for name, value in arrays.items():
        little = np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<")).reshape(value.shape)
        float32 = little.astype("<f4").tobytes().hex() if value.dtype.kind == "f" else None
        described.append(
            {"name": name, "dtype": NAMES[value.dtype.newbyteorder("=").name], "shape": list(value.shape),
             "raw": little.tobytes().hex(), "float32": float32}
        )  # fmt: skip
    return described


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "arrays.json").write_text(json.dumps(describe(ARRAYS), indent=1) + "\n")
    np.savez(FOLDER / "stored.npz", **ARRAYS)
    np.savez_compressed(FOLDER / "compressed.npz", **ARRAYS)
    np.savez(FOLDER / "keras.npz", **{"Conv1/kernel": np.zeros((1, 1, 2, 3), "float32"), "bn/gamma": np.ones(3, "float32")})
    others = {"text": np.array("hello"), "object": np.array([{"a": 1}], dtype=object), "pair": np.zeros(2, "i4,f4")}
    np.savez(FOLDER / "others.npz", weight=np.ones(2, "float32"), **others)
    # 300 MiB of zeros in 300 kB would be a fixture too large; the test claims as much of a small one.
    np.savez_compressed(FOLDER / "zeros.npz", zeros=np.zeros(1000, "float32"))


if __name__ == "__main__":
    main()

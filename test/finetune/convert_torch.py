"""Loads converted files into a torchvision model, strictly, and compares them with the source.

    python3 test/finetune/convert_torch.py resnet18 SOURCE.safetensors CONVERTED...

Needs PyTorch and torchvision.
"""

import json
import sys
from pathlib import Path

import torch
import torchvision

DTYPES = {"F32": torch.float32, "I64": torch.int64}


def read_safetensors(path):
    """The format in ten lines, so that the package is not needed."""
    data = bytearray(Path(path).read_bytes())
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(data[8 + length + begin : 8 + length + end], dtype=DTYPES[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def read(path):
    return read_safetensors(path) if path.endswith(".safetensors") else torch.load(path, weights_only=True)


if __name__ == "__main__":
    model_name, source, *converted = sys.argv[1:]
    expected = read(source)
    for path in converted:
        state = read(path)
        model = getattr(torchvision.models, model_name)(num_classes=len(expected["fc.bias"]))
        assert list(state) == list(model.state_dict()) or path.endswith(".safetensors"), "another order"
        assert set(state) == set(model.state_dict()), "other names"
        model.load_state_dict(state, strict=True)
        loaded = model.state_dict()
        for name, tensor in expected.items():
            assert torch.equal(loaded[name], tensor), name
        print(f"{path}: all keys matched, values equal")

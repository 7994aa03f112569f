"""Writes what torchvision says about its networks: names and shapes of their tensors, and logits.

    /usr/bin/python3 test/models/make-fixtures.py [NETWORK...]

With names, the others keep what the file has of them. Needs PyTorch and torchvision (made with 1.13 and 0.14). Weights and images are not stored: they follow from a formula
of a tensor's name and an element's index, in exact arithmetic; test/models/formula.ts computes the same numbers.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torchvision

FOLDER = Path(__file__).parent / "fixtures"
FILES = {
    "torchvision.json": ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "mobilenet_v2"],
    "torchvision-others.json": ["mobilenet_v3_large", "mobilenet_v3_small", "efficientnet_b0", "convnext_tiny", "vgg16"],
}
# Odd at every stage: 65, 33, 17, 9, 5, 3.
SIZE = 65


def uniform(name, count):
    """`count` numbers in [0, 1): a hash of the name (FNV-1a) plus the index, mixed (the end of MurmurHash3)."""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) & 0xFFFFFFFF
    x = np.arange(count, dtype=np.uint32) + np.uint32(seed)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 2.0**32


def values(name, shape):
    """Of a size that keeps activations in bounds: wide weights, scales around 1, positive variances."""
    u = uniform(name, int(np.prod(shape)))
    if name.endswith("running_var"):
        u = 0.5 + u
    elif len(shape) > 1:
        u = (u - 0.5) * np.sqrt(12.0 / np.prod(shape[1:]))
    elif name.endswith("weight"):
        u = 0.5 + u
    else:
        u = u - 0.5
    return torch.from_numpy(u.reshape(shape))


def main(names):
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    for file, models in FILES.items():
        if not names or any(name in names for name in models):
            write(FOLDER / file, models, names)


def write(path, models, names):
    kept = json.loads(path.read_text()) if names else {}
    expected = {}
    for name in models:
        if names and name not in names:
            expected[name] = kept[name]
            continue
        model = getattr(torchvision.models, name)(weights=None).double().eval()
        state = {
            key: values(key, tensor.shape)
            for key, tensor in model.state_dict().items()
            if not key.endswith("num_batches_tracked")
        }
        model.load_state_dict(state, strict=False)
        images = values("images", (1, 3, SIZE, SIZE))
        features = {}
        # What the head reads; dropout does nothing here.
        head = getattr(model, "fc", None) or model.classifier[-1]
        head.register_forward_pre_hook(lambda module, args: features.update(value=args[0]))
        with torch.no_grad():
            logits = model(images)
        expected[name] = {
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "keysWithCounters": len(model.state_dict()),
            "tensors": [[key, *tensor.shape] for key, tensor in state.items()],
            "features": features["value"].flatten()[:16].tolist(),
            "logits": logits[0].tolist(),
        }
    lines = [f'"{name}": {json.dumps(entry, separators=(",", ":"))}' for name, entry in expected.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1:])

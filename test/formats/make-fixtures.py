"""Writes the PyTorch and safetensors files that the tests of src/formats read, and what they hold.

    python3 test/formats/make-fixtures.py

Needs PyTorch (made with 1.13) and, for reference.safetensors, the `safetensors` package (made with 0.8). The files are
a few kB each. Storage keys of the legacy format are addresses, so a new run gives other bytes for the same values.
"""

import json
import os
from collections import OrderedDict
from pathlib import Path

import torch

FOLDER = Path(__file__).parent / "fixtures"


def tensors():
    """One tensor for each way in which PyTorch stores one."""
    torch.manual_seed(42)
    shared = torch.arange(12, dtype=torch.float32)
    return OrderedDict(
        [
            ("plain.weight", torch.randn(3, 4)),
            ("transposed", torch.arange(6, dtype=torch.float32).reshape(2, 3).t()),
            ("channels_last", torch.randn(2, 3, 2, 2).contiguous(memory_format=torch.channels_last)),
            ("shared.first", shared[:4]),
            ("shared.rest", shared[4:].reshape(2, 4)),
            ("shared.column", shared.reshape(3, 4)[:, 1]),
            ("expanded", torch.tensor([1.0, 2.0]).expand(3, 2)),
            ("half", torch.tensor([1.5, -0.0, 65504.0, 6e-8, 6.1e-5, float("inf"), float("nan")]).half()),
            ("bfloat16", torch.tensor([1.5, -2.0, 3e38, 1e-40]).bfloat16()),
            ("double", torch.tensor([0.1, -1e-300, 3.0], dtype=torch.float64)),
            ("bn.num_batches_tracked", torch.tensor(2**40 + 1)),
            ("int32", torch.tensor([-1, 2], dtype=torch.int32)),
            ("int16", torch.tensor([-3, 4], dtype=torch.int16)),
            ("int8", torch.tensor([-5, 6], dtype=torch.int8)),
            ("uint8", torch.tensor([7, 255], dtype=torch.uint8)),
            ("bool", torch.tensor([True, False, True])),
            ("empty", torch.zeros(0, 5)),
            ("parameter", torch.nn.Parameter(torch.tensor([[8.0]]))),
        ]
    )


def describe(state):
    """Name, type, shape and the bytes in row-major order of every tensor, as the tests expect them."""
    names = {
        torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16",
        torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
        torch.uint8: "U8", torch.bool: "BOOL",
    }  # fmt: skip
    described = []
    for name, tensor in state.items():
        tensor = tensor.detach().contiguous()
        as_integers = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[tensor.element_size()]
        raw = tensor.view(as_integers).numpy().tobytes().hex()
        float32 = tensor.float().numpy().tobytes().hex() if tensor.is_floating_point() else None
        described.append(
            {"name": name, "dtype": names[tensor.dtype], "shape": list(tensor.shape), "raw": raw, "float32": float32}
        )
    return described


class Calls:
    """Pickles as a call of a function, the way an attack does it. Saving it calls nothing."""

    def __init__(self, function, *args):
        self.function = function
        self.args = args

    def __reduce__(self):
        return self.function, self.args


def save(value, name, zipped=True):
    torch.save(value, FOLDER / name, _use_new_zipfile_serialization=zipped)


def main():
    FOLDER.mkdir(exist_ok=True)
    state = tensors()
    (FOLDER / "tensors.json").write_text(json.dumps(describe(state), indent=1) + "\n")
    save(state, "tensors-zip.pth")
    save(state, "tensors-legacy.pth", zipped=False)

    # A module's state dict carries attributes (_metadata), and its optimiser an integer-keyed dictionary.
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1, bias=False), torch.nn.BatchNorm2d(2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.ones(2, 1, 2, 2)).sum().backward()
    optimizer.step()
    (FOLDER / "module.json").write_text(json.dumps(describe(model.state_dict()), indent=1) + "\n")
    save(model.state_dict(), "module-zip.pth")
    save(model.state_dict(), "module-legacy.pth", zipped=False)
    checkpoint = {
        "epoch": 3,
        "best": 0.5,
        "arch": "tiny",
        "scheduler": None,
        "seed": 2**70,
        "rng": torch.zeros(4, dtype=torch.uint8),
        "dtype": torch.float32,
        "shape": torch.Size([1, 2]),
        "optimizer": optimizer.state_dict(),
        "model": model.state_dict(),
    }
    save(checkpoint, "checkpoint-zip.pth")
    save(checkpoint, "checkpoint-legacy.pth", zipped=False)
    save(OrderedDict(weight=torch.ones(2), epochs=3, note="hello", nothing=None), "plain-values.pth")

    save(torch.ones(2), "lone-tensor.pth")
    save({"weight": torch.ones(2), "nested": {"a": 1}}, "nested-entry.pth")
    save(torch.nn.Linear(1, 1), "whole-module.pth")
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), FOLDER / "torchscript.pt")
    save({"weight": Calls(os.system, "echo attacked")}, "attack-os-system.pth")
    save({"weight": Calls(eval, "print('attacked')")}, "attack-eval.pth", zipped=False)
    save({"weight": Calls(torch.hub.load, "attacker/repository", "model")}, "attack-hub.pth")

    try:
        from safetensors.torch import save_file
    except ImportError:
        print("safetensors is not installed: reference.safetensors was not written")
        return
    # Contiguous tensors of one owner each, which is all that this format can hold.
    named = {name: tensor.detach().clone().contiguous() for name, tensor in reversed(state.items())}
    save_file(named, FOLDER / "reference.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()

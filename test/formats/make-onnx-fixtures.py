"""Writes the ONNX models that the tests of src/formats read, and what they hold.

    python3 test/formats/make-onnx-fixtures.py

Needs PyTorch (made with 1.13), whose exporter needs no other package. The files are a few kB each and ours.
"""

import json
from pathlib import Path

import torch
from torch import nn

FOLDER = Path(__file__).parent / "fixtures" / "onnx"


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=True)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        x = nn.functional.relu6(self.bn1(self.conv1(x)))
        return self.fc(self.conv2(x).mean((2, 3)))


def describe(entries):
    return [
        {"name": name, "dtype": "F32", "shape": list(t.shape), "raw": t.detach().contiguous().numpy().tobytes().hex(),
         "float32": None}
        for name, t in entries
    ]  # fmt: skip


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(42)
    model = Tiny().eval()
    with torch.no_grad():
        for name, tensor in [*model.bn1.named_parameters(), *model.bn1.named_buffers()]:
            if tensor.is_floating_point():
                tensor.uniform_(0.5, 1.5)
    x = torch.randn(1, 3, 8, 8)
    torch.onnx.export(model, x, FOLDER / "named.onnx", do_constant_folding=False,
                      training=torch.onnx.TrainingMode.PRESERVE)  # fmt: skip
    state = model.state_dict()
    order = ["conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var", "conv2.weight",
             "conv2.bias", "fc.weight", "fc.bias"]  # fmt: skip
    (FOLDER / "named.json").write_text(json.dumps(describe([(name, state[name]) for name in order]), indent=1) + "\n")

    torch.onnx.export(model, x, FOLDER / "folded.onnx")
    scale = state["bn1.weight"] / torch.sqrt(state["bn1.running_var"] + model.bn1.eps)
    folded = [
        state["conv1.weight"] * scale.reshape(-1, 1, 1, 1),
        state["bn1.bias"] - state["bn1.running_mean"] * scale,
    ]
    (FOLDER / "folded.json").write_text(json.dumps([t.flatten().tolist() for t in folded]) + "\n")


if __name__ == "__main__":
    main()

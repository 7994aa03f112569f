"""Writes what torchvision says about vision Transformers: tensors, logits, gradients, losses of a training.

    /usr/bin/python3 test/models/make-vit-fixtures.py

Needs PyTorch and torchvision (made with 1.13 and 0.14). Weights and images follow from the formula of make-fixtures.py, and
are not stored. A gradient is stored as two sums, of its elements times those of two tensors of the same formula.
"""

import importlib
import json
from collections import OrderedDict
from pathlib import Path

import torch
import torchvision
from torchvision.models.vision_transformer import VisionTransformer, interpolate_embeddings

HERE = Path(__file__).parent
values = importlib.import_module("make-fixtures").values

# The sizes of attune's vit-small.
SMALL = {
    "image_size": 32,
    "patch_size": 4,
    "num_layers": 6,
    "num_heads": 4,
    "hidden_dim": 128,
    "mlp_dim": 256,
    "num_classes": 10,
}
LABELS = [3, 8]
STEPS = 20

LARGE = ["vit_b_16", "vit_b_32", "vit_l_16"]


def formula_state(model):
    return OrderedDict((key, values(key, tensor.shape)) for key, tensor in model.state_dict().items())


def images(count, size):
    return values("images", (count, 3, size, size))


def tensors_of(model):
    return [[key, *tensor.shape] for key, tensor in model.state_dict().items()]


def parameters_of(model):
    return sum(parameter.numel() for parameter in model.parameters())


def large(name):
    """Logits of one image of 224 x 224."""
    model = getattr(torchvision.models, name)(weights=None).double().eval()
    model.load_state_dict(formula_state(model))
    with torch.no_grad():
        logits = model(images(1, 224))
    return {"parameters": parameters_of(model), "tensors": tensors_of(model), "logits": logits[0].tolist()}


def small():
    model = VisionTransformer(**SMALL).double()
    state = formula_state(model)
    model.load_state_dict(state)
    x, labels = images(len(LABELS), 32), torch.tensor(LABELS)
    logits = model(x)
    torch.nn.functional.cross_entropy(logits, labels).backward()
    gradients = {
        name: [float((tensor.grad * values(f"{name} {i}", tensor.shape)).sum()) for i in (1, 2)]
        for name, tensor in model.named_parameters()
    }

    # The same weights for images of 48 x 48.
    wide = VisionTransformer(**{**SMALL, "image_size": 48}).double().eval()
    wide.load_state_dict(interpolate_embeddings(48, 4, OrderedDict(state)))
    with torch.no_grad():
        resized = wide(images(len(LABELS), 48))

    no_decay = lambda name, tensor: tensor.ndim == 1 or "pos_embedding" in name or "class_token" in name
    groups = [
        {
            "params": [p for name, p in model.named_parameters() if no_decay(name, p) == plain],
            "weight_decay": 0 if plain else 0.05,
        }
        for plain in (False, True)
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-4)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), labels)
        losses.append(float(loss))
        loss.backward()
        optimizer.step()
    return {
        "parameters": parameters_of(model),
        "tensors": tensors_of(model),
        "logits": logits.flatten().tolist(),
        "resized": resized.flatten().tolist(),
        "gradients": gradients,
        "losses": losses,
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    expected = {"vit-small": small(), **{name: large(name) for name in LARGE}}
    lines = [f'"{name}": {json.dumps(entry, separators=(",", ":"))}' for name, entry in expected.items()]
    (HERE / "fixtures" / "vit.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")

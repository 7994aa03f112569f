"""Writes what a vision Transformer with a distillation token computes: logits, features at another size, gradients.

    /usr/bin/python3 test/models/make-deit-fixtures.py

Needs PyTorch (made with 1.13). The network is written out here with the names that Hugging Face's
DeiTForImageClassificationWithTeacher has on disk. Weights and images follow from the formula of make-fixtures.py, and are not
stored. A gradient is stored by the name of the array here, as two sums, of its elements times those of two tensors of the same
formula.
"""

import importlib
import json
from pathlib import Path

import torch
from torch.nn.functional import conv2d, cross_entropy, gelu, interpolate, layer_norm, linear

HERE = Path(__file__).parent
values = importlib.import_module("make-fixtures").values

PATCH, LAYERS, HEADS, CHANNELS, WIDE, CLASSES, SIDE = 4, 2, 4, 32, 64, 5, 16
EPSILON = 1e-12
LABELS = [3, 1]


def shapes():
    sizes = {
        "deit.embeddings.cls_token": [1, 1, CHANNELS],
        "deit.embeddings.distillation_token": [1, 1, CHANNELS],
        "deit.embeddings.position_embeddings": [1, 2 + (SIDE // PATCH) ** 2, CHANNELS],
    }

    def layer(name, *shape):
        sizes[f"{name}.weight"] = list(shape)
        sizes[f"{name}.bias"] = [shape[0]]

    layer("deit.embeddings.patch_embeddings.projection", CHANNELS, 3, PATCH, PATCH)
    for i in range(LAYERS):
        block = f"deit.encoder.layer.{i}"
        layer(f"{block}.layernorm_before", CHANNELS)
        for part in ["query", "key", "value"]:
            layer(f"{block}.attention.attention.{part}", CHANNELS, CHANNELS)
        layer(f"{block}.attention.output.dense", CHANNELS, CHANNELS)
        layer(f"{block}.layernorm_after", CHANNELS)
        layer(f"{block}.intermediate.dense", WIDE, CHANNELS)
        layer(f"{block}.output.dense", CHANNELS, WIDE)
    layer("deit.layernorm", CHANNELS)
    layer("cls_classifier", CLASSES, CHANNELS)
    layer("distillation_classifier", CLASSES, CHANNELS)
    return sizes


def positions(state, rows):
    """Both tokens keep theirs; those of the patches are resized as torchvision does it."""
    stored = state["deit.embeddings.position_embeddings"]
    side = SIDE // PATCH
    if rows == side:
        return stored
    image = stored[:, 2:].reshape(1, side, side, CHANNELS).permute(0, 3, 1, 2)
    resized = interpolate(image, size=(rows, rows), mode="bicubic", align_corners=True)
    return torch.cat([stored[:, :2], resized.permute(0, 2, 3, 1).reshape(1, rows * rows, CHANNELS)], 1)


def forward(state, images):
    """The mean of the answers of both heads, each on its token."""

    def norm(x, name):
        return layer_norm(x, [CHANNELS], state[f"{name}.weight"], state[f"{name}.bias"], EPSILON)

    def dense(x, name):
        return linear(x, state[f"{name}.weight"], state[f"{name}.bias"])

    def by_head(x):
        return x.reshape(*x.shape[:2], HEADS, -1).transpose(1, 2)

    projection = "deit.embeddings.patch_embeddings.projection"
    patches = conv2d(images, state[f"{projection}.weight"], state[f"{projection}.bias"], stride=PATCH)
    tokens = [
        state[f"deit.embeddings.{name}"].expand(len(images), -1, -1) for name in ["cls_token", "distillation_token"]
    ]
    x = torch.cat([*tokens, patches.flatten(2).transpose(1, 2)], 1) + positions(state, patches.shape[2])
    for i in range(LAYERS):
        block = f"deit.encoder.layer.{i}"
        y = norm(x, f"{block}.layernorm_before")
        query, key, value = [by_head(dense(y, f"{block}.attention.attention.{part}")) for part in ["query", "key", "value"]]
        scores = query @ key.transpose(2, 3) / (CHANNELS / HEADS) ** 0.5
        seen = (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)
        x = dense(seen, f"{block}.attention.output.dense") + x
        y = norm(x, f"{block}.layernorm_after")
        x = dense(gelu(dense(y, f"{block}.intermediate.dense")), f"{block}.output.dense") + x
    x = norm(x, "deit.layernorm")
    return (dense(x[:, 0], "cls_classifier") + dense(x[:, 1], "distillation_classifier")) / 2


def gradients_here(state):
    """By the names here; one head of half the weights takes the place of two: its gradients are twice as large."""
    block = "encoder.layers.encoder_layer_{}"
    found = {
        "class_token": state["deit.embeddings.cls_token"].grad,
        "distillation_token": state["deit.embeddings.distillation_token"].grad,
        "encoder.pos_embedding": state["deit.embeddings.position_embeddings"].grad,
    }
    layers = {"deit.embeddings.patch_embeddings.projection": "conv_proj", "deit.layernorm": "encoder.ln"}
    for i in range(LAYERS):
        theirs, ours = f"deit.encoder.layer.{i}", block.format(i)
        layers[f"{theirs}.layernorm_before"] = f"{ours}.ln_1"
        layers[f"{theirs}.attention.output.dense"] = f"{ours}.self_attention.out_proj"
        layers[f"{theirs}.layernorm_after"] = f"{ours}.ln_2"
        layers[f"{theirs}.intermediate.dense"] = f"{ours}.mlp.0"
        layers[f"{theirs}.output.dense"] = f"{ours}.mlp.3"
    heads = ["cls_classifier", "distillation_classifier"]
    for field in ["weight", "bias"]:
        for theirs, ours in layers.items():
            found[f"{ours}.{field}"] = state[f"{theirs}.{field}"].grad
        for i in range(LAYERS):
            attention = f"deit.encoder.layer.{i}.attention.attention"
            parts = [state[f"{attention}.{part}.{field}"].grad for part in ["query", "key", "value"]]
            found[f"{block.format(i)}.self_attention.in_proj_{field}"] = torch.cat(parts)
    found["heads.head.weight"] = 2 * torch.cat([state[f"{head}.weight"].grad for head in heads], 1)
    found["heads.head.bias"] = 2 * state["cls_classifier.bias"].grad
    return found


def main():
    torch.set_num_threads(1)
    state = {name: values(name, shape).requires_grad_() for name, shape in shapes().items()}
    images = lambda side: values("images", (len(LABELS), 3, side, side))
    logits = forward(state, images(SIDE))
    cross_entropy(logits, torch.tensor(LABELS)).backward()
    with torch.no_grad():
        resized = forward(state, images(24))
    sums = {
        name: [float((gradient * values(f"{name} {i}", gradient.shape)).sum()) for i in (1, 2)]
        for name, gradient in gradients_here(state).items()
    }
    expected = {
        "tensors": [[name, *shape] for name, shape in shapes().items()],
        "logits": logits.flatten().tolist(),
        "resized": resized.flatten().tolist(),
        "gradients": sums,
    }
    (HERE / "fixtures" / "deit.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

"""Writes what the class token of torchvision's small vision Transformer attends to, as two papers say it.

    /usr/bin/python3 test/report/explain/make-attention.py

Needs PyTorch and torchvision (made with 1.13 and 0.14). Weights follow from the formula of test/models/make-fixtures.py. Whole
matrices are multiplied from the first block on, which attune does with one row from the last block down.
"""

import importlib
import json
import sys
from pathlib import Path

import torch
from torch.nn.functional import linear
from torchvision.models.vision_transformer import VisionTransformer

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "models"))
fixtures = importlib.import_module("make-vit-fixtures")

CLASS = 3
MEAN, STD = [0.5, 0.4, 0.3], [0.2, 0.3, 0.4]


def picture():
    """One image [1, 3, 32, 32], from bytes [32, 32, 3]."""
    i = torch.arange(32 * 32 * 3)
    pixels = ((i * 7919 + i // 96 * 31) % 256).reshape(32, 32, 3).double() / 255
    return ((pixels - torch.tensor(MEAN)) / torch.tensor(STD)).permute(2, 0, 1)[None]


def attend(layer, x, written):
    """torch.nn.MultiheadAttention of x [1, tokens, channels], whose probabilities stay on the tape."""
    split = lambda t: t.unflatten(-1, (layer.num_heads, -1)).transpose(1, 2)
    q, k, v = [split(t) for t in linear(x, layer.in_proj_weight, layer.in_proj_bias).chunk(3, -1)]
    a = torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, -1)
    a.retain_grad()
    written.append(a)
    return layer.out_proj((a @ v).transpose(1, 2).flatten(2))


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    model = VisionTransformer(**fixtures.SMALL).double().eval()
    model.load_state_dict(fixtures.formula_state(model))
    x = model._process_input(picture())
    x = torch.cat([model.class_token, x], 1) + model.encoder.pos_embedding
    written = []
    for block in model.encoder.layers:
        x = x + attend(block.self_attention, block.ln_1(x), written)
        x = x + block.mlp(block.ln_2(x))
    logits = model.heads(model.encoder.ln(x)[:, 0])[0]
    assert torch.allclose(logits, model(picture())[0], atol=1e-12)
    logits[CLASS].backward()

    identity = torch.eye(len(written[0][0, 0]))
    rollout, relevance = identity, identity
    for a in written:
        mixed = a[0].mean(0) + identity
        rollout = mixed / mixed.sum(1, keepdim=True) @ rollout
        relevance = relevance + (a.grad * a)[0].clamp(min=0).mean(0) @ relevance
    found = {
        "logits": logits.tolist(),
        "attention-rollout": rollout[0].tolist(),
        "attention-gradients": relevance[0].tolist(),
    }
    (HERE / "attention.json").write_text(json.dumps(found, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

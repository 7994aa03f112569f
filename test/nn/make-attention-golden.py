"""Writes what PyTorch says about attention and layers of an encoder: results, and gradients of all tensors.

    /usr/bin/python3 test/nn/make-attention-golden.py

Needs PyTorch (made with 1.13). Weights and inputs follow from the formula of test/models/make-fixtures.py, and are not
stored. A gradient is stored as two sums, of its elements times those of two tensors of the same formula.
"""

import importlib
import json
import sys
from pathlib import Path

import torch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "models"))
values = importlib.import_module("make-fixtures").values

BATCH, QUERIES, KEYS, CHANNELS, HEADS = 2, 5, 7, 8, 2


def tokens(name, length):
    """Of a size at which attention prefers some keys to others."""
    return (6 * values(name, (BATCH, length, CHANNELS))).requires_grad_()


def key_padding(length):
    """The second sample is two tokens shorter. PyTorch's says which to leave out."""
    return torch.tensor([[i >= length - 2 * sample for i in range(length)] for sample in range(BATCH)])


def seen(queries, keys):
    """Every third pair is not seen. PyTorch's says which to leave out."""
    return torch.tensor([[(3 * i + j) % 3 == 2 for j in range(keys)] for i in range(queries)])


def causal(length):
    return torch.ones(length, length).triu(1).bool()


def added(queries, keys):
    return 4 * values("mask", (queries, keys))


def record(layer, inputs, call):
    layer.double().train()
    shapes = {name: list(tensor.shape) for name, tensor in layer.state_dict().items()}
    layer.load_state_dict({name: values(name, shape) for name, shape in shapes.items()})
    y = call(layer, *inputs.values())
    (y * values("upstream", y.shape)).sum().backward()
    named = [*layer.named_parameters(), *inputs.items()]
    sums = {
        name: [float((tensor.grad * values(f"{name} {i}", tensor.shape)).sum()) for i in (1, 2)]
        for name, tensor in named
    }
    return {
        "tensors": [[name, *shape] for name, shape in shapes.items()],
        "shape": list(y.shape),
        "values": y.flatten().tolist(),
        "gradients": sums,
    }


def attention_cases():
    def itself(masks, **options):
        layer = torch.nn.MultiheadAttention(CHANNELS, HEADS, batch_first=True, **options)
        call = lambda layer, x: layer(x, x, x, need_weights=False, **masks)[0]
        return record(layer, {"query": tokens("query", QUERIES)}, call)

    yield "plain", itself({})
    yield "without bias", itself({}, bias=False)
    yield "padding", itself({"key_padding_mask": key_padding(QUERIES)})
    yield "pairs", itself({"attn_mask": seen(QUERIES, QUERIES)})
    yield "added", itself({"attn_mask": added(QUERIES, QUERIES)})
    yield "causal", itself({"attn_mask": causal(QUERIES)})
    yield "padding and pairs", itself(
        {"key_padding_mask": key_padding(QUERIES), "attn_mask": seen(QUERIES, QUERIES)}
    )
    infinite = torch.zeros(BATCH, 1, QUERIES, dtype=torch.double)
    infinite.masked_fill_(key_padding(QUERIES)[:, None, :], float("-inf"))
    both = (infinite + added(QUERIES, QUERIES)).repeat_interleave(HEADS, 0)
    yield "padding and added", itself({"attn_mask": both})
    yield "padding and causal", itself(
        {"key_padding_mask": key_padding(QUERIES), "attn_mask": causal(QUERIES)}
    )
    layer = torch.nn.MultiheadAttention(CHANNELS, HEADS, batch_first=True)
    inputs = {"query": tokens("query", QUERIES), "key": tokens("key", KEYS), "value": tokens("value", KEYS)}
    call = lambda layer, q, k, v: layer(q, k, v, need_weights=False)[0]
    yield "three inputs", record(layer, inputs, call)


def layer_cases():
    def case(masks={}, **options):
        layer = torch.nn.TransformerEncoderLayer(
            CHANNELS, HEADS, dim_feedforward=12, dropout=0, batch_first=True, **options
        )
        return record(layer, {"x": tokens("x", QUERIES)}, lambda layer, x: layer(x, **masks))

    yield "post-norm", case()
    yield "pre-norm", case(norm_first=True, activation="gelu", layer_norm_eps=1e-3)
    yield "post-norm, padding", case({"src_key_padding_mask": key_padding(QUERIES)}, activation="gelu")
    yield "pre-norm, causal", case({"src_mask": causal(QUERIES)}, norm_first=True)


if __name__ == "__main__":
    (HERE / "fixtures").mkdir(exist_ok=True)
    expected = {"attention": dict(attention_cases()), "layer": dict(layer_cases())}
    (HERE / "fixtures" / "attention.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")

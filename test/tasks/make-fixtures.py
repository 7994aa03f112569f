"""Writes fixtures/logistic.json: optima of multinomial logistic regression, by PyTorch's L-BFGS in float64.

    /usr/bin/python3 test/finetune/make-fixtures.py [FOLDER]

The problem is that of src/finetune/heads/logistic-head.ts: features standardised by the mean and deviation of all rows, mean
cross-entropy plus l2 / 2 |W|^2, no penalty on the bias. Heads are given for the features as they are. The held-out
losses are those of a cross-validation, each fold fitted on the others and standardised by all rows.
"""

import json
import sys
from pathlib import Path

import torch

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "fixtures"
ROWS, FEATURES, CLASSES, FOLDS = 60, 8, 3, 5
STRENGTHS = [0.001, 0.1, 3]


def fit(z, labels, l2):
    """The optimum (W, b) of one problem, from zero."""
    weight = torch.zeros(z.shape[1], CLASSES, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(CLASSES, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weight, bias],
        max_iter=2000,
        tolerance_grad=1e-12,
        tolerance_change=0,
        history_size=20,
        line_search_fn="strong_wolfe",
    )

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(z @ weight + bias, labels) + l2 / 2 * weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    closure()
    # The curvature is at least l2, so weights are within 1e-6 of the optimum.
    assert max(weight.grad.abs().max(), bias.grad.abs().max()) < 1e-6 * l2
    return weight.detach(), bias.detach()


def main():
    torch.manual_seed(4)
    labels = torch.arange(ROWS) % CLASSES
    centres = torch.randn(CLASSES, FEATURES)
    # Features of different sizes and offsets, and one that never changes.
    values = (centres[labels] + 1.5 * torch.randn(ROWS, FEATURES)) * torch.logspace(-2, 2, FEATURES) + 0.3
    values[:, 2] = 0.3
    values = values.float()
    exact = values.double()
    mean, deviation = exact.mean(0), exact.std(0, unbiased=False)
    deviation[2] = 1
    z = (exact - mean) / deviation
    fold = torch.arange(ROWS) // CLASSES % FOLDS

    fits = []
    for l2 in STRENGTHS:
        weight, bias = fit(z, labels, l2)
        loss = torch.nn.functional.cross_entropy(z @ weight + bias, labels)
        held_out = []
        for f in range(FOLDS):
            w, b = fit(z[fold != f], labels[fold != f], l2)
            held_out.append(torch.nn.functional.cross_entropy(z[fold == f] @ w + b, labels[fold == f]).item())
        raw = weight / deviation[:, None]
        fits.append(
            {
                "l2": l2,
                "weight": raw.flatten().tolist(),
                "bias": (bias - mean @ raw).tolist(),
                "loss": loss.item(),
                "held_out_loss": sum(held_out) / FOLDS,
            }
        )
    FOLDER.mkdir(exist_ok=True)
    fixture = {
        "features": FEATURES,
        "classes": CLASSES,
        "values": exact.flatten().tolist(),
        "labels": labels.tolist(),
        "fold": fold.tolist(),
        "fits": fits,
    }
    (FOLDER / "logistic.json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

"""Golden values of what regularises a run, from PyTorch and torchvision in float64.

    /usr/bin/python3 make-regularization.py [FOLDER]        writes regularization.json

- sharpness: fifty steps of sharpness-aware minimisation of a small network with batch norm, around PyTorch's own
  optimisers; the running statistics are those of the first gradient of each step.
- mixing: loss and gradient of a linear classifier on mixed images. Without class weights it is PyTorch's cross-entropy of
  the mixed targets, which is asserted here.
- depth: torchvision.ops.stochastic_depth with a mask from Philox.

Inputs come from `values`, as in make-golden.py.
"""

import json
import runpy
import sys
from pathlib import Path
from unittest import mock

import torch
import torch.nn.functional as F
import torchvision

# Also sets the default to float64.
make_golden = runpy.run_path(str(Path(__file__).parent / 'make-golden.py'))
values, rounded, philox = make_golden['values'], make_golden['rounded'], make_golden['philox']

STEPS = 50


class Network(torch.nn.Module):
    """Linear without a bias, batch norm, tanh, linear; weights are [in, out] in `values`."""

    def __init__(self):
        super().__init__()
        self.a, self.norm, self.b = torch.nn.Linear(4, 8, False), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 3)
        with torch.no_grad():
            self.a.weight.copy_(values([4, 8], 1).t())
            self.b.weight.copy_(values([8, 3], 2).t())
            self.b.bias.copy_(values([3], 3))

    def forward(self, x):
        return self.b(torch.tanh(self.norm(self.a(x))))


def sharpness(name, kind, options, radius, make, clip=None):
    network = Network()
    x, labels = values([12, 4], 5), torch.arange(12) % 3
    optimizer = make(network.parameters())
    parameters = list(network.parameters())
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        network.norm.momentum = 0.1
        loss = F.cross_entropy(network(x), labels)
        loss.backward()
        losses.append(loss)
        with torch.no_grad():
            norm = torch.sqrt(sum((w.grad**2).sum() for w in parameters))
            kept = [w.clone() for w in parameters]
            for w in parameters:
                w += radius * w.grad / norm
        optimizer.zero_grad()
        network.norm.momentum = 0
        F.cross_entropy(network(x), labels).backward()
        with torch.no_grad():
            for w, before in zip(parameters, kept):
                w.copy_(before)
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(parameters, clip)
        optimizer.step()
    arrays = {
        'a.weight': network.a.weight.t(),
        'norm.weight': network.norm.weight, 'norm.bias': network.norm.bias,
        'norm.running_mean': network.norm.running_mean, 'norm.running_var': network.norm.running_var,
        'b.weight': network.b.weight.t(), 'b.bias': network.b.bias,
    }
    return {
        'name': name, 'optimizer': kind, 'options': options, 'radius': radius,
        'losses': rounded(torch.stack(losses)), 'arrays': {key: rounded(array) for key, array in arrays.items()},
    }


def sharpness_cases():
    sgd, adam = torch.optim.SGD, torch.optim.Adam
    return [
        sharpness('sgd', 'sgd', {'lr': 0.1}, 0.05, lambda w: sgd(w, 0.1)),
        sharpness('sgd, Nesterov, weight decay', 'sgd', {'lr': 0.05, 'momentum': 0.9, 'nesterov': True, 'weightDecay': 0.01}, 0.2, lambda w: sgd(w, 0.05, 0.9, weight_decay=0.01, nesterov=True)),
        sharpness('sgd, clipped', 'sgd', {'lr': 0.1, 'momentum': 0.9, 'maxGradientNorm': 0.2}, 0.1, lambda w: sgd(w, 0.1, 0.9), 0.2),
        sharpness('adam', 'adam', {'lr': 0.01}, 0.5, lambda w: adam(w, 0.01)),
    ]


SIDE, IMAGES, CLASSES = 6, 5, 4
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def mixing(name, share, box, smoothing, weights):
    """`share` is the partner's outside the box; the loss's share follows from it, or from the box."""
    size = IMAGES * SIDE * SIDE * 3
    data = torch.tensor([(7 * i * i + 3 * i) % 256 for i in range(size)]).reshape(IMAGES, SIDE, SIDE, 3)
    x = (data.double() / 255 - torch.tensor(MEAN)) / torch.tensor(DEVIATION)
    labels = torch.tensor([(3 * i + 1) % CLASSES for i in range(IMAGES)])
    top, left, bottom, right = box
    partners = x.roll(1, 0)
    mixed = (1 - share) * x + share * partners
    mixed[:, top:bottom, left:right] = partners[:, top:bottom, left:right]
    loss_share = share if share > 0 else (bottom - top) * (right - left) / SIDE**2
    w = values([SIDE * SIDE * 3, CLASSES], 6, 0.1).requires_grad_()
    b = values([CLASSES], 7).requires_grad_()
    logits = mixed.reshape(IMAGES, -1) @ w + b

    def criterion(targets):
        of_class = torch.tensor([float(weight) for weight in weights])
        return F.cross_entropy(logits, targets, weight=of_class, label_smoothing=smoothing)

    loss = (1 - loss_share) * criterion(labels) + loss_share * criterion(labels.roll(1))
    if len(set(weights)) == 1:
        one_hot = F.one_hot(labels, CLASSES).double()
        targets = (1 - loss_share) * one_hot + loss_share * one_hot.roll(1, 0)
        assert torch.allclose(loss, F.cross_entropy(logits, targets, label_smoothing=smoothing), rtol=1e-12)
    loss.backward()
    return {
        'name': name, 'mix': {'share': share, 'box': box, 'lossShare': loss_share}, 'smoothing': smoothing,
        'weights': weights, 'loss': rounded(loss)[0], 'dw': rounded(w.grad), 'db': rounded(b.grad),
    }


def mixing_cases():
    equal, uneven = [1, 1, 1, 1], [0.5, 2, 1, 3]
    return [
        mixing('mixup', 0.3, [0, 0, 0, 0], 0, equal),
        mixing('mixup, smoothed', 0.7, [0, 0, 0, 0], 0.1, equal),
        mixing('mixup, smoothed, classes weighted', 0.2, [0, 0, 0, 0], 0.1, uneven),
        mixing('CutMix', 0, [1, 2, 5, 4], 0, equal),
        mixing('CutMix, smoothed, classes weighted', 0, [0, 3, 4, 6], 0.2, uneven),
        mixing('not mixed, smoothed, classes weighted', 0, [0, 0, 0, 0], 0.2, uneven),
    ]


def depth_cases():
    cases = []
    for probability, seed, step in ((0.5, 12345, 7), (0.2, 99, 3)):
        rows = 6
        words = [word for i in range(2) for word in philox((i, 0, step, 0), (seed, 1))][:rows]
        kept = torch.tensor([float(word / 2**32 >= probability) for word in words])

        def bernoulli(noise, survival):
            assert abs(survival - (1 - probability)) < 1e-15
            return noise.copy_(kept.reshape(noise.shape))

        x = values([rows, 2, 2, 3], 8)
        with mock.patch.object(torch.Tensor, 'bernoulli_', bernoulli):
            y = torchvision.ops.stochastic_depth(x, probability, 'row')
        cases.append({'probability': probability, 'seed': seed, 'step': step, 'output': rounded(y)})
    return cases


if __name__ == '__main__':
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    parts = {'sharpness': sharpness_cases(), 'mixing': mixing_cases(), 'depth': depth_cases()}
    lines = ',\n'.join(f'"{key}":{json.dumps(part, separators=(",", ":"))}' for key, part in parts.items())
    (folder / 'regularization.json').write_text(f'{{\n{lines}\n}}\n')

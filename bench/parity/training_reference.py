"""Trains as PyTorch does, for bench/parity/training.mjs to compare with.

    python3 training_reference.py FOLDER < CASE

CASE is a JSON object: one of `CASES` in training-cases.mjs. Into FOLDER:

    initial.pth                      the weights to start from, in float32
    images.f32, labels.i32           [batches, batch, side, side, channels], [batches, batch]; step t uses t % batches
    gradients.pth, statistics.pth    in float64: gradients of the first step, running statistics after the last

Prints a JSON object: versions, the losses of torch.float64, and `spread`: how far PyTorch's own runs in the case's
precision stray from them when every weight first moves to a neighbouring number. The largest distance of the three
runs is given for each step's loss, relative to it, and for gradients and statistics, relative to the largest
element of their tensor.
"""

import copy
import json
import math
import re
import sys
from pathlib import Path

import numpy as np
import torch
import torchvision

from torch_reference import randomised

sys.path.append(str(Path(__file__).parents[1] / "lib"))
from small_resnet import SmallResNet  # noqa: E402

SEED = 7
PERTURBED_RUNS = 3


def make_model(case, images):
    """The network to start from: 'random' in every array, or PyTorch's 'default', or that with 'zero' last scales."""
    if case["initial"] == "random":
        return with_exact_sixths(randomised(case["model"], images))
    zero = case["initial"] == "zero"
    if case["model"] != "resnet-small":
        options = {"zero_init_residual": True} if zero else {}
        return with_exact_sixths(getattr(torchvision.models, case["model"])(weights=None, **options))
    return SmallResNet(case["channels"], case["classes"])


class Hardsigmoid(torch.nn.Module):
    def forward(self, x):
        return (x / 6 + 0.5).clamp(0, 1)


def with_exact_sixths(model):
    """PyTorch's gradient of a hard sigmoid multiplies by 1/6 as a float32 has it, also in float64: 3e-8 beside it."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, torch.nn.Hardsigmoid):
                setattr(module, name, Hardsigmoid())
    return model


def nearest_kink(model, images):
    """The smallest distance from a kink of what enters a ReLU (0) or ReLU6 (0 and 6), in float64 and in training mode."""
    model = copy.deepcopy(model).double().train()
    distances = []

    def note(module, inputs):
        kinks = (0, 6) if isinstance(module, torch.nn.ReLU6) else (0,)
        distances.extend((inputs[0] - kink).abs().min().item() for kink in kinks)

    for module in model.modules():
        if isinstance(module, (torch.nn.ReLU, torch.nn.ReLU6)):
            module.register_forward_pre_hook(note)
    with torch.no_grad():
        model(images.double())
    return min(distances, default=math.inf)


def clear_of_kinks(model, images, margin):
    """
    Images for the first step, drawn again until nothing enters a ReLU nearer to zero than `margin`: there rounding
    chooses the derivative, and one wrong choice among a million changes gradients by a hundredth.
    """
    while nearest_kink(model, images) < margin:
        images = torch.randn_like(images)
    return images


def make_optimizer(parameters, name, lr, weight_decay):
    if name == "sgd":
        return torch.optim.SGD(parameters, lr=lr, momentum=0.9, weight_decay=weight_decay)
    return torch.optim.Adam(parameters, lr=lr, weight_decay=weight_decay)


def train(case, initial, images, labels):
    """Losses of every step, gradients of the first, running statistics after the last; `initial` stays as it is."""
    model = copy.deepcopy(initial).train()
    for module in model.modules():
        # Each library has random numbers of its own.
        if isinstance(module, (torch.nn.Dropout, torchvision.ops.StochasticDepth)):
            module.p = 0
    optimizer = make_optimizer(model.parameters(), case["optimizer"], case["lr"], case["weightDecay"])
    losses, gradients = [], None
    for step in range(case["steps"]):
        batch = step % len(images)
        loss = torch.nn.functional.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        gradients = gradients or {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
        optimizer.step()
    statistics = {name: buffer for name, buffer in model.named_buffers() if "running" in name}
    return losses, gradients, statistics


def perturbed(model):
    """A copy with every weight moved to the next number above or below it."""
    model = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in model.parameters():
            direction = torch.where(torch.rand_like(parameter) < 0.5, -torch.inf, torch.inf).to(parameter.dtype)
            # A scale that is exactly zero stays so: its neighbours are no rounding errors of anything.
            parameter.copy_(torch.where(parameter == 0, parameter, torch.nextafter(parameter, direction)))
    return model


def distance(found, expected, vanishing=None):
    """
    The largest difference of tensors by name, as a share of the largest element of the tensor. Those whose name matches
    `vanishing` are nothing but rounding and do not count.
    """
    worst = 0.0
    for name, tensor in expected.items():
        if vanishing is not None and re.search(vanishing, name):
            continue
        largest = tensor.abs().max().item()
        difference = (found[name].double() - tensor).abs().max().item()
        worst = max(worst, difference / largest if largest > 0 else (0.0 if difference == 0 else float("inf")))
    return worst


def main():
    folder = Path(sys.argv[1])
    case = json.load(sys.stdin)
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    batches, batch, side, channels = case["batches"], case["batch"], case["side"], case["channels"]
    images = torch.randn(batches, batch, channels, side, side)
    labels = torch.randint(case["classes"], (batches, batch))
    model = make_model(case, images[0])
    images[0] = clear_of_kinks(model, images[0], case["kinkMargin"])
    torch.save(model.state_dict(), folder / "initial.pth")
    images.permute(0, 1, 3, 4, 2).contiguous().numpy().astype("<f4").tofile(folder / "images.f32")
    labels.numpy().astype("<i4").tofile(folder / "labels.i32")

    losses, gradients, statistics = train(case, model.double(), images.double(), labels)
    torch.save(gradients, folder / "gradients.pth")
    torch.save(statistics, folder / "statistics.pth")

    dtype = getattr(torch, case["precision"])
    spread = {"losses": [0.0] * case["steps"], "gradients": 0.0, "statistics": 0.0}
    for _ in range(PERTURBED_RUNS):
        run = train(case, perturbed(model.to(dtype)), images.to(dtype), labels)
        distances = [abs(found - expected) / abs(expected) for found, expected in zip(run[0], losses)]
        spread["losses"] = [max(pair) for pair in zip(spread["losses"], distances)]
        spread["gradients"] = max(spread["gradients"], distance(run[1], gradients, case["withoutGradient"]))
        spread["statistics"] = max(spread["statistics"], distance(run[2], statistics))
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__, "numpy": np.__version__}
    print(json.dumps({"versions": versions, "losses": losses, "spread": spread}))


if __name__ == "__main__":
    main()

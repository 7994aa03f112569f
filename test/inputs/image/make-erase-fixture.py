"""Makes test/inputs/image/fixtures/erase.json: the rectangles that torchvision's RandomErasing takes when its random numbers come
from a generator that the tests have too.

    /usr/bin/python3 test/inputs/image/make-erase-fixture.py      (Debian's python3-torchvision)

Written with torchvision 0.14. A case is [width, height, seed, draws used, top, left, bottom, right]; the last four are 0
where nothing is erased.
"""

import json
import math
import pathlib
import random
import warnings
from unittest import mock

import torch

warnings.filterwarnings("ignore")
from torchvision import transforms  # noqa: E402

SCALE, RATIO = (0.02, 0.33), (0.3, 3.3)


class Draws:
    """Uniform numbers in [0, 1) from a linear congruential generator, in torch's place."""

    def __init__(self, seed):
        self.state, self.used = seed, 0

    def next(self):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        self.used += 1
        return self.state / 2**32

    def uniform(self, low, high):
        low, high = float(low), float(high)
        return torch.tensor([low + self.next() * (high - low)], dtype=torch.float64)

    def randint(self, low, high, size):
        return torch.tensor([low + math.floor(self.next() * (high - low))])


def box(width, height, draws):
    """torchvision's own code: only its sources of random numbers are exchanged."""
    image = torch.zeros(3, height, width)
    uniform = lambda tensor, low, high: draws.uniform(low, high)  # noqa: E731
    with mock.patch.object(torch.Tensor, "uniform_", uniform, create=True):
        with mock.patch.object(torch, "randint", draws.randint):
            top, left, rows, columns, value = transforms.RandomErasing.get_params(image, SCALE, RATIO, [0.0])
    if value is image:
        return [0, 0, 0, 0]
    return [top, left, top + rows, left + columns]


def cases():
    choose = random.Random(11)
    sizes = [(224, 224), (32, 32), (160, 160), (1, 1), (2, 2), (3, 3), (40, 8), (5, 60)]
    sizes += [(choose.randint(1, 300), choose.randint(1, 300)) for _ in range(20)]
    for width, height in sizes:
        for _ in range(6):
            seed = choose.randrange(2**32)
            draws = Draws(seed)
            found = box(width, height, draws)
            yield [width, height, seed, draws.used, *found]


if __name__ == "__main__":
    path = pathlib.Path(__file__).parent / "fixtures" / "erase.json"
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases())
    path.write_text(f"[\n{lines}\n]\n")

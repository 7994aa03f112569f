"""Makes test/inputs/image/fixtures/augment.json: what torchvision's RandomResizedCrop and horizontal flip
do when their random numbers come from a generator that the tests have too.

    /usr/bin/python3 test/inputs/image/make-augment-fixture.py      (Debian's python3-pil, python3-torchvision)

Written with Pillow 9.4 and torchvision 0.14. A geometry case is
[width, height, least scale, largest scale, seed, draws used, left, top, crop width, crop height].
"""

import hashlib
import json
import math
import pathlib
import random
import warnings
from unittest import mock

import torch
from PIL import Image

warnings.filterwarnings("ignore")
from torchvision import transforms  # noqa: E402
from torchvision.transforms import functional  # noqa: E402

RATIO = (3 / 4, 4 / 3)


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


def crop_parameters(image, scale, draws):
    """torchvision's own code: only its sources of random numbers are exchanged."""
    uniform = lambda tensor, low, high: draws.uniform(low, high)  # noqa: E731
    with mock.patch.object(torch.Tensor, "uniform_", uniform, create=True):
        with mock.patch.object(torch, "randint", draws.randint):
            return transforms.RandomResizedCrop.get_params(image, list(scale), list(RATIO))


def geometry_cases():
    choose = random.Random(7)
    sizes = [(383, 256), (256, 383), (256, 256), (1, 1), (1, 9), (9, 1), (300, 100), (100, 300), (700, 3)]
    sizes += [(choose.randint(1, 400), choose.randint(1, 400)) for _ in range(40)]
    scales = [(0.08, 1), (0.25, 1), (0.35, 1), (1, 1), (0.9, 0.95), (0.0001, 0.001)]
    cases = []
    for width, height in sizes:
        picture = Image.new("RGB", (width, height))
        for scale in scales:
            seed = choose.randrange(2**32)
            draws = Draws(seed)
            top, left, crop_height, crop_width = crop_parameters(picture, scale, draws)
            case = [width, height, *scale, seed, draws.used, left, top, crop_width, crop_height]
            cases.append(case)
    return cases


def generated(width, height, seed):
    """The picture that the tests generate too: the top bytes of the same generator."""
    samples, state = bytearray(width * height * 3), seed
    for i in range(len(samples)):
        state = (state * 1664525 + 1013904223) % 2**32
        samples[i] = state >> 24
    return Image.frombytes("RGB", (width, height), bytes(samples))


def pixel_cases():
    """The whole chain: crop, resize, and a flip if the next number is below one half."""
    cases = []
    for seed, (width, height, side) in enumerate([(96, 64, 56), (64, 97, 56), (64, 64, 33), (30, 21, 24)] * 5):
        picture, scale, draws = generated(width, height, seed), (0.1, 1), Draws(seed)
        window = crop_parameters(picture, scale, draws)
        result = functional.resized_crop(picture, *window, [side, side], functional.InterpolationMode.BILINEAR)
        flipped = draws.next() < 0.5
        if flipped:
            result = functional.hflip(result)
        digest = hashlib.sha256(result.tobytes()).hexdigest()
        cases.append({"size": [width, height], "side": side, "seed": seed, "flipped": flipped, "sha256": digest})
    return cases


path = pathlib.Path(__file__).parent / "fixtures" / "augment.json"
path.write_text(json.dumps({"geometry": geometry_cases(), "pixels": pixel_cases()}) + "\n")
print(f"{path.stat().st_size / 1000:.0f} kB in {path}")

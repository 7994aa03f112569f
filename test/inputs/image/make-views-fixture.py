"""Makes test/inputs/image/fixtures/views.json: torchvision's ten_crop of generated images, and the mean of softmaxes.

    /usr/bin/python3 test/inputs/image/make-views-fixture.py      (Debian's python3-torchvision)

Written with torchvision 0.14. A crop case is [width, height, side, SHA-256 of the bytes of the ten crops, one after the
other, channels last].
"""

import hashlib
import json
import pathlib

import torch
from torchvision.transforms import functional as F


def image(width, height):
    count = width * height * 3
    return torch.tensor([((i + 1) * 7919) % 10007 % 256 for i in range(count)], dtype=torch.uint8).reshape(height, width, 3)


def crops(width, height, side):
    views = F.ten_crop(image(width, height).permute(2, 0, 1), [side, side])
    digest = hashlib.sha256()
    for view in views:
        digest.update(bytes(view.permute(1, 2, 0).reshape(-1).tolist()))
    return [width, height, side, digest.hexdigest()]


def softmaxes():
    logits = torch.tensor([[((i + 1) * 7919 + row * 1291) % 10007 / 700 - 7 for i in range(4)] for row in range(10)], dtype=torch.float64)
    return {'logits': logits.tolist(), 'mean': torch.softmax(logits, 1).mean(0).tolist()}


if __name__ == '__main__':
    sizes = [(36, 36, 32), (37, 32, 32), (32, 45, 32), (51, 40, 35), (39, 42, 31), (32, 32, 32)]
    fixture = {'crops': [crops(*size) for size in sizes], 'softmax': softmaxes()}
    path = pathlib.Path(__file__).parent / 'fixtures' / 'views.json'
    path.write_text(json.dumps(fixture, indent=1) + '\n')

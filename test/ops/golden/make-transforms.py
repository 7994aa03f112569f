"""Golden values of the operations on images as bytes, from torchvision 0.14 on uint8 tensors.

    /usr/bin/python3 make-transforms.py [FOLDER]        writes transforms.json and image-policies.json

Images are not stored: both languages compute them by `image_bytes` (golden-suite.ts). A case is as those of
make-golden.py, without gradients; its options name each image's transform as src/ops/image/image-transform.ts does.
"""

import json
import sys
from pathlib import Path

import torch
from torchvision.transforms import RandAugment, TrivialAugmentWide
from torchvision.transforms import functional as F
from torchvision.transforms.autoaugment import _apply_op
from torchvision.transforms.functional import InterpolationMode

cases = []


def image_bytes(shape, seed, low, high):
    count = torch.Size(shape).numel()
    flat = [low + ((i + 1) * 7919 + seed * 1291) % 10007 % (high - low + 1) for i in range(count)]
    return torch.tensor(flat, dtype=torch.uint8).reshape(shape)


def case(operation, name, shape, functions, options, seed=1, low=0, high=255):
    images = image_bytes([len(functions)] + shape, seed, low, high).permute(0, 3, 1, 2)
    output = torch.stack([function(image) for function, image in zip(functions, images)]).permute(0, 2, 3, 1)
    cases.append({
        'operation': operation, 'name': name, 'options': options, 'terms': 1,
        'inputs': [{'shape': [len(functions)] + shape, 'seed': seed, 'low': low, 'high': high}],
        'shape': list(output.shape), 'output': output.reshape(-1).tolist(), 'gradients': None,
    })


def transforms(name, shape, pairs, **image):
    case('transformImages', name, shape, [function for function, _ in pairs], {'transforms': [plain for _, plain in pairs]}, **image)


def colors():
    def blend(kind, function):
        return lambda factor: (lambda x: function(x, factor), {'kind': kind, 'factor': factor})

    brightness, contrast = blend('brightness', F.adjust_brightness), blend('contrast', F.adjust_contrast)
    saturation, sharpness = blend('saturation', F.adjust_saturation), blend('sharpness', F.adjust_sharpness)
    hue = lambda shift: (lambda x: F.adjust_hue(x, shift), {'kind': 'hue', 'shift': shift})
    posterize = lambda bits: (lambda x: F.posterize(x, bits), {'kind': 'posterize', 'bits': bits})
    solarize = lambda threshold: (lambda x: F.solarize(x, threshold), {'kind': 'solarize', 'threshold': threshold})
    identity = (lambda x: x, {'kind': 'identity'})
    autocontrast, equalize = (F.autocontrast, {'kind': 'autocontrast'}), (F.equalize, {'kind': 'equalize'})
    invert = (F.invert, {'kind': 'invert'})

    transforms('by tables', [7, 9, 3], [
        identity, brightness(0.0), brightness(0.6), brightness(1.0), brightness(1.99), contrast(0.01), contrast(0.55),
        contrast(1.9), posterize(8), posterize(4), posterize(1), posterize(0), solarize(127.5), solarize(8.5), solarize(0.0), invert,
    ])
    transforms('of dull images', [7, 9, 3], [autocontrast, contrast(1.99), brightness(1.45)], seed=2, low=60, high=171)
    transforms('of one colour', [5, 5, 3], [autocontrast, equalize, contrast(0.5), saturation(0.5)], low=77, high=77)
    transforms('equalizing', [19, 17, 3], [equalize, autocontrast], seed=3)
    transforms('equalizing few values', [19, 17, 3], [equalize, autocontrast], seed=4, low=100, high=110)
    transforms('by pixel', [7, 9, 3], [
        saturation(0.0), saturation(0.4), saturation(1.9), hue(0.5), hue(-0.5), hue(0.1), hue(-0.25), hue(0.0),
    ], seed=5)
    transforms('hue of greys', [3, 3, 3], [hue(0.3)], low=99, high=99)
    transforms('sharpness', [7, 9, 3], [sharpness(0.0), sharpness(0.37), sharpness(1.0), sharpness(1.99)], seed=6)
    transforms('sharpness without inside', [2, 9, 3], [sharpness(0.37)], seed=6)


def filled(function, x, fill):
    """What `function` leaves empty, in the colour `fill`.

    Under bilinear interpolation torchvision 0.14 multiplies by the share inside the image twice where it is given a
    fill, and edges come out darker; here they are a mean of image and fill.
    """
    if fill is None:
        return function(x)
    inside = function(torch.ones(1, *x.shape[1:]))
    color = torch.tensor(fill)[:, None, None]
    return torch.round(function(x.float()) + (1 - inside) * color).to(torch.uint8)


def geometry():
    def affine(interpolation, fill=None, **options):
        plain = {'kind': 'affine', 'interpolation': interpolation, 'affine': options, **({'fill': fill} if fill else {})}
        given = {'angle': 0.0, 'translate': [0, 0], 'scale': 1.0, 'shear': [0.0, 0.0], **options}
        mode = InterpolationMode(interpolation)

        def function(x):
            center = given.pop('center', None)
            if center is not None:
                center = [c + size * 0.5 for c, size in zip(center, (x.shape[-1], x.shape[-2]))]
            return filled(lambda image: F.affine(image, interpolation=mode, center=center, **given), x, fill)

        return function, plain

    def rotate(interpolation, angle, fill=None):
        plain = {'kind': 'affine', 'interpolation': interpolation, 'affine': {'angle': -angle}, **({'fill': fill} if fill else {})}
        return lambda x: filled(lambda image: F.rotate(image, angle, InterpolationMode(interpolation)), x, fill), plain

    for interpolation in ('nearest', 'bilinear'):
        for shape in ([9, 9, 3], [8, 11, 3]):
            transforms(f'{interpolation} of {shape[0]} by {shape[1]}', shape, [
                rotate(interpolation, 0.0), rotate(interpolation, 13.0), rotate(interpolation, -135.0), rotate(interpolation, 90.0 if shape[0] == shape[1] else 77.0),
                rotate(interpolation, 31.0, [128.0, 7.0, 255.0]),
                affine(interpolation, translate=[3, 0]), affine(interpolation, translate=[0, -2]),
                affine(interpolation, shear=[12.0, 0.0], center=[-shape[1] / 2, -shape[0] / 2]),
                affine(interpolation, shear=[0.0, -41.0], center=[-shape[1] / 2, -shape[0] / 2]),
                affine(interpolation, [10.0, 20.0, 30.0], angle=21.0, translate=[1, 2], scale=1.3, shear=[5.0, -7.0]),
            ], seed=7)


def blur():
    for size, sigmas in ((3, [0.1, 0.8, 2.0]), (5, [0.7, 1.4])):
        functions = [lambda x, sigma=sigma: F.gaussian_blur(x, size, sigma) for sigma in sigmas]
        case('gaussianBlur', f'by {size} taps', [9, 7, 3], functions, {'size': size, 'sigmas': sigmas}, seed=8)


def policies():
    """What RandAugment and TrivialAugment choose from, for images of 224 x 224, and what some of it makes of a small one."""
    found = {
        'rand-augment': RandAugment()._augmentation_space(31, (224, 224)),
        'trivial-augment': TrivialAugmentWide()._augmentation_space(31),
    }
    small = {
        'rand-augment': RandAugment()._augmentation_space(31, (9, 9)),
        'trivial-augment': found['trivial-augment'],
    }
    image = image_bytes([9, 9, 3], 3, 20, 230).permute(2, 0, 1)

    def entry(kind, values, signed, chosen):
        magnitude = 11
        strength = float(chosen[magnitude]) if chosen.ndim > 0 else 0.0
        signs = (1, -1) if signed else (1,)
        outputs = [_apply_op(image, kind, sign * strength, InterpolationMode.NEAREST, None) for sign in signs]
        return {
            'magnitudes': values.tolist() if values.ndim > 0 else [], 'signed': signed, 'magnitude': magnitude,
            'outputs': [output.permute(1, 2, 0).reshape(-1).tolist() for output in outputs],
        }

    return {
        name: {kind: entry(kind, *space[kind], small[name][kind][0]) for kind in space}
        for name, space in found.items()
    }


if __name__ == '__main__':
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for part in (colors, geometry, blur):
        part()
    lines = ',\n'.join(json.dumps(item, separators=(',', ':')) for item in cases)
    (folder / 'transforms.json').write_text(f'[\n{lines}\n]\n')
    (folder / 'image-policies.json').write_text(json.dumps(policies(), separators=(',', ':')) + '\n')

"""Writes what torchvision computes, for bench/parity/run.mjs to compare with: one randomised network and its logits.

    python3 torch_reference.py MODEL FOLDER PICTURES FLOAT64_PICTURES

Into FOLDER: `zip.pth` and `legacy.pth`, the two forms of torch.save; `pixels.f32` [pictures, 224, 224, 3], the
preprocessed pictures, channels last; `logits.f32` [pictures, 1000]; `logits.f64` for the first FLOAT64_PICTURES, from
the same weights and pixels. Prints a JSON object: versions, and the paths of the pictures.
"""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision import transforms

# Photographs of Debian's python3-skimage: colour, grey (camera, coins, moon), a palette (green_palette), JPEG (retina).
PICTURES = [
    "coffee.png",
    "camera.png",
    "retina.jpg",
    "green_palette.png",
    "motorcycle_left.png",
    "coins.png",
    "ihc.png",
    "moon.png",
]

# What torchvision's documentation prescribes for its first ImageNet weights.
PREPROCESSING = transforms.Compose(
    [
        transforms.Resize(256),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
    ]
)


def picture_paths():
    found = importlib.util.find_spec("skimage")
    if found is None:
        sys.exit("python3-skimage, which brings the pictures, is not installed")
    folder = Path(found.submodule_search_locations[0]) / "data"
    return [folder / name for name in PICTURES]


def randomised(name, pixels):
    """A model whose every weight and running statistic is random, with activations that neither vanish nor explode.

    Weights are normal with variance 1 / inputs, batch norms scale by 0.5 to 1.5 and shift by up to 0.5. The running
    statistics are first those of the pictures, layer by layer, and then changed at random, so that nothing is
    normalised to exactly zero and one.
    """
    model = getattr(torchvision.models, name)(weights=None)
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, parameter[0].numel() ** -0.5)
        for norm in norms:
            norm.weight.uniform_(0.5, 1.5)
            norm.bias.uniform_(-0.5, 0.5)
            norm.momentum = 1.0
        model.train()(pixels)
        for norm, momentum in zip(norms, momenta):
            norm.running_mean.add_(torch.randn_like(norm.running_mean) * 0.2 * norm.running_var.sqrt())
            norm.running_var.mul_(torch.empty_like(norm.running_var).uniform_(0.7, 1.4))
            norm.num_batches_tracked.random_(1, 100000)
            norm.momentum = momentum
        [*model.modules()][-1].bias.normal_(0, 1)  # the head's
    return model.eval()


def logits(model, pixels):
    """One picture at a time: deep activations of a whole float64 batch would take gigabytes."""
    with torch.no_grad():
        return torch.cat([model(picture[None]) for picture in pixels])


def main():
    name, folder, count, float64_count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    torch.manual_seed(2)
    paths = picture_paths()
    pixels = torch.stack([PREPROCESSING(Image.open(path).convert("RGB")) for path in paths])
    # The model is the same however many pictures are compared.
    model = randomised(name, pixels)
    paths, pixels = paths[:count], pixels[:count]

    torch.save(model.state_dict(), folder / "zip.pth")
    torch.save(model.state_dict(), folder / "legacy.pth", _use_new_zipfile_serialization=False)
    pixels.permute(0, 2, 3, 1).contiguous().numpy().astype("<f4").tofile(folder / "pixels.f32")
    logits(model, pixels).numpy().astype("<f4").tofile(folder / "logits.f32")
    logits(model.double(), pixels[:float64_count].double()).numpy().astype("<f8").tofile(folder / "logits.f64")
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__, "numpy": np.__version__}
    print(json.dumps({"versions": versions, "pictures": [str(path) for path in paths]}))


if __name__ == "__main__":
    main()

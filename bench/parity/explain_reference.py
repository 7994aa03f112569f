"""Writes what PyTorch's autograd gives for Grad-CAM and Grad-CAM++, for bench/parity/explain.mjs to compare with.

    python3 explain_reference.py FOLDER PICTURES

Into FOLDER: `resnet50.pth`, a randomised ResNet50, and `other.pth`, the same with another last stage; `maps.f32`
[pictures, 3, 7, 7]: Grad-CAM and Grad-CAM++ of the first network, Grad-CAM of the second, each for the class of the
first network's largest logit. Prints a JSON object: versions, the paths of the pictures, and the classes.
"""

import copy
import json
import sys
from pathlib import Path

import torch
import torchvision
from PIL import Image

from torch_reference import PREPROCESSING, picture_paths, randomised


def last_stage(model, x):
    """The activations of layer4, which the gradient is asked for, and the logits that follow from them."""
    maps = model.maxpool(model.relu(model.bn1(model.conv1(x))))
    for stage in (model.layer1, model.layer2, model.layer3, model.layer4):
        maps = stage(maps)
    maps = maps.detach().requires_grad_(True)
    return maps, model.fc(torch.flatten(model.avgpool(maps), 1))


def heat_maps(model, x, index):
    maps, logits = last_stage(model, x)
    (slopes,) = torch.autograd.grad(logits[0, index], maps)
    maps = maps.detach()
    cam = torch.relu((slopes.mean((2, 3), keepdim=True) * maps).sum(1))[0]
    square, cube = slopes**2, slopes**3
    alpha = square / (2 * square + cube * maps.sum((2, 3), keepdim=True) + 1e-7)
    alpha = torch.where(slopes != 0, alpha, torch.zeros(()))
    weights = (alpha * torch.relu(slopes)).sum((2, 3), keepdim=True)
    plus_plus = torch.relu((weights * maps).sum(1))[0]
    return cam, plus_plus


def main():
    folder, pictures = Path(sys.argv[1]), int(sys.argv[2])
    torch.manual_seed(11)
    paths = picture_paths()[:pictures]
    pixels = torch.stack([PREPROCESSING(Image.open(path).convert("RGB")) for path in paths])
    model = randomised("resnet50", pixels)
    other = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in other.layer4.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, parameter[0].numel() ** -0.5)
    torch.save(model.state_dict(), folder / "resnet50.pth")
    torch.save(other.state_dict(), folder / "other.pth")
    rows, classes = [], []
    for x in pixels.split(1):
        with torch.no_grad():
            classes.append(int(model(x).argmax()))
        rows.append(torch.stack([*heat_maps(model, x, classes[-1]), heat_maps(other, x, classes[-1])[0]]))
    torch.stack(rows).detach().numpy().astype("<f4").tofile(folder / "maps.f32")
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    print(json.dumps({"versions": versions, "pictures": [str(path) for path in paths], "classes": classes}))


main()

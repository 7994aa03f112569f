"""Exports torchvision's networks to ONNX, with their batch norms and with these folded, and computes their logits.

    python3 test/models/export-onnx.py FOLDER

For onnx-import.slow.test.ts. Weights are random, and the running statistics such as training would leave.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torchvision

NETWORKS = ["resnet18", "resnet50", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "convnext_tiny"]


def main(folder):
    torch.manual_seed(42)
    for name in NETWORKS:
        model = getattr(torchvision.models, name)(num_classes=7)
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 2)
                torch.nn.init.uniform_(module.weight, 0.5, 1.5)
                torch.nn.init.normal_(module.bias, 0, 0.1)
        model.eval()
        images = torch.randn(2, 3, 64, 64)
        with torch.no_grad():
            logits = model(images)
        np.savez(folder / f"{name}.npz", images=images.permute(0, 2, 3, 1).numpy(), logits=logits.numpy())
        torch.onnx.export(model, images, folder / f"{name}-folded.onnx")
        preserve = torch.onnx.TrainingMode.PRESERVE
        torch.onnx.export(model, images, folder / f"{name}-named.onnx", training=preserve, do_constant_folding=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

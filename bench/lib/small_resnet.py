"""attune's resnetSmall (src/models/resnet-small.ts) in PyTorch: the same graph and the same names of parameters."""

from torch import nn
from torchvision.models.resnet import BasicBlock


class SmallResNet(nn.Module):
    """Images [batch, channels, height, width] to logits [batch, classes]; initialised as torchvision's ResNets."""

    def __init__(self, channels=3, classes=10, widths=(16, 32, 64), depth=3):
        super().__init__()
        first, second, third = widths
        self.conv1 = nn.Conv2d(channels, first, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(first)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = stage(first, first, depth, 1)
        self.layer2 = stage(first, second, depth, 2)
        self.layer3 = stage(second, third, depth, 2)
        self.fc = nn.Linear(third, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


def stage(inputs, width, depth, stride):
    """`depth` blocks; the first has the stride, and a 1x1 convolution beside it where shapes differ."""
    shortcut = None
    if stride != 1 or inputs != width:
        shortcut = nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))
    blocks = [BasicBlock(inputs, width, stride, shortcut)]
    while len(blocks) < depth:
        blocks.append(BasicBlock(width, width))
    return nn.Sequential(*blocks)

"""PyTorch for torch-client.mjs: reads a JSON object a line and answers with one.

The first line opens a network with given weights for a task; each later one runs it once: inference to the logits, or
a training step to the loss with the update made. Images arrive channels last, as attune takes them; they are brought
into PyTorch's order, and into the wanted memory format, when opened: that takes no part of the times. With CUDA, a run
begins with images in pinned memory of the host, and ends with its result on the host.

`precision`, with CUDA: float32 as it is on paper; tf32, where products read 10 bits of each factor's fraction; amp,
automatic mixed precision in float16 with a scaled loss.
"""

import json
import platform
import resource
import sys
import time
from contextlib import nullcontext

import numpy as np
import torch
from torch import nn
from torchvision.models import mobilenet_v2, resnet50, vit_b_16
from torchvision.models.mobilenetv2 import InvertedResidual


def resident():
    """The most resident memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def processor_seconds():
    """Of all threads of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class InvertedResiduals(nn.Module):
    """Rows of MobileNetV2's table, a mean and a linear head: networks.mjs."""

    def __init__(self, channels, rows, classes):
        super().__init__()
        blocks = []
        for expansion, outputs, times, stride in rows:
            for i in range(times):
                blocks.append(InvertedResidual(channels, outputs, stride if i == 0 else 1, expansion))
                channels = outputs
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        return self.fc(self.blocks(x).mean((2, 3)))


def make_network(network, classes):
    if network["kind"] == "resnet50":
        return resnet50(weights=None, num_classes=classes)
    if network["kind"] == "mobilenetV2":
        return mobilenet_v2(weights=None, num_classes=classes, dropout=0.0)
    if network["kind"] == "vitB16":
        return vit_b_16(weights=None, num_classes=classes)
    return InvertedResiduals(network["channels"], network["rows"], classes)


def load(model, path, tensors):
    numbers = np.fromfile(path, "<f4")
    state, at = {}, 0
    for name, shape in tensors:
        count = int(np.prod(shape))
        state[name] = torch.from_numpy(numbers[at : at + count].reshape(shape))
        at += count
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or any("num_batches_tracked" not in name for name in missing):
        raise ValueError(f"missing {missing}, unexpected {unexpected}")


class Place:
    """Where and how a network computes: `device`, and on a GPU `precision`."""

    def __init__(self, options):
        torch.set_num_threads(options["threads"])
        self.precision = options.get("precision", "float32")
        self.device = torch.device(options.get("device", "cpu"))
        self.cuda = self.device.type == "cuda"
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = self.precision == "tf32"
        torch.backends.cudnn.allow_tf32 = self.precision == "tf32"
        # Where it is not enabled it does nothing to the loss, and steps as the optimiser does.
        self.scaler = torch.cuda.amp.GradScaler(enabled=self.precision == "amp")

    def mixed(self):
        return torch.autocast("cuda", torch.float16, enabled=self.precision == "amp") if self.cuda else nullcontext()

    def backward(self, loss, optimizer):
        self.scaler.scale(loss).backward()
        self.scaler.step(optimizer)
        self.scaler.update()


class Engine(Place):
    def __init__(self, options):
        super().__init__(options)
        torch.manual_seed(0)
        self.before = resident()
        layout = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}[options["format"]]
        network, batch, side = options["network"], options["batch"], options["side"]
        self.model = make_network(network, options["classes"])
        load(self.model, options["weights"], options["tensors"])
        self.model.to(self.device, memory_format=layout)
        images = np.fromfile(options["images"], "<f4").reshape(batch, side, side, network["channels"])
        self.images = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(memory_format=layout)
        self.labels = torch.tensor(options["labels"])
        if self.cuda:
            self.images = self.images.pin_memory()
            self.labels = self.labels.pin_memory()
            torch.cuda.reset_peak_memory_stats()
        self.training = options["task"] == "training"
        self.model.train(self.training)
        if self.training:
            self.optimizer = torch.optim.SGD(self.model.parameters(), **options["optimizer"])

    def once(self):
        images = self.images.to(self.device, non_blocking=True)
        if not self.training:
            with torch.inference_mode(), self.mixed():
                return self.model(images).float().flatten()
        labels = self.labels.to(self.device, non_blocking=True)
        self.optimizer.zero_grad(set_to_none=True)
        with self.mixed():
            loss = nn.functional.cross_entropy(self.model(images), labels)
        self.backward(loss, self.optimizer)
        return loss.detach().float().reshape(1)

    def run(self):
        begin, cpu = time.perf_counter(), processor_seconds()
        values = self.once().tolist()
        wall, cpu = time.perf_counter() - begin, processor_seconds() - cpu
        return {
            "milliseconds": 1000 * wall,
            "cpuMilliseconds": 1000 * cpu,
            "values": values,
            "residentBytes": resident() - self.before,
            **({"peakBytes": torch.cuda.max_memory_allocated()} if self.cuda else {}),
        }


def processor():
    with open("/proc/cpuinfo", encoding="utf8") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor()


def describe(engine, options):
    """What engine-client.mjs tells of its engine, a Place."""
    title = f"PyTorch {torch.__version__}"
    if engine.cuda:
        name = torch.cuda.get_device_name()
        setting = f"{name} (CUDA {torch.version.cuda}, {engine.precision}, {options['format']})"
        return {"name": f"{title} {engine.precision}", "adapter": name, "setting": setting}
    name, threads = processor(), options["threads"]
    team = "one thread" if threads == 1 else f"{threads} threads"
    setting = f"{name} ({team}, {options['format']})"
    return {"name": title, "adapter": name, "setting": setting}


def main():
    options = json.loads(sys.stdin.readline())
    engine = Engine(options)
    print(json.dumps(describe(engine, options)), flush=True)
    for _ in sys.stdin:
        print(json.dumps(engine.run()), flush=True)


if __name__ == "__main__":
    main()

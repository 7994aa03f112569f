"""The same network and recipe in PyTorch, for bench/fashion/run.mjs to compare with.

    python3 torch_fashion.py FOLDER TRAIN_IMAGES < RECIPE

RECIPE is recipe.json, perhaps with changes. Random numbers are PyTorch's own: initial values, order, shifts and mirrors
differ from attune's. Prints a JSON object for each epoch, then one with the test accuracy, and of the training steps
alone seconds, processor time of all threads, and images.
"""

import gzip
import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

sys.path.append(str(Path(__file__).parents[1] / "lib"))
from small_resnet import SmallResNet  # noqa: E402

SIDE = 28
TEST_BATCH = 250


def read_fashion(folder, part):
    with gzip.open(folder / f"{part}-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, SIDE, SIDE)
    with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return torch.from_numpy(images.copy()), torch.from_numpy(labels.astype(np.int64))


def augmented(images, shift):
    """Each image moved by up to `shift` pixels in both directions, and mirrored in half of the cases."""
    count = len(images)
    padded = functional.pad(images, (shift, shift, shift, shift))
    rows = torch.randint(2 * shift + 1, (count, 1)) + torch.arange(SIDE)
    columns = torch.arange(SIDE).repeat(count, 1)
    mirrored = torch.rand(count) < 0.5
    columns[mirrored] = columns[mirrored].flip(1)
    columns += torch.randint(2 * shift + 1, (count, 1))
    image = torch.arange(count)[:, None, None]
    return padded[image, 0, rows[:, :, None], columns[:, None, :]][:, None]


def rate_factor(step, steps, warmup):
    warmup_steps = round(warmup * steps)
    if step < warmup_steps:
        return (step + 1) / (warmup_steps + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - warmup_steps) / (steps - warmup_steps)))


def main():
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    recipe = json.load(sys.stdin)
    if "threads" in recipe:
        torch.set_num_threads(recipe["threads"])
    torch.manual_seed(recipe["seed"])
    images, labels = (part[:count] for part in read_fashion(folder, "train"))

    def normalised(pixels):
        return (pixels / 255 - recipe["mean"]) / recipe["deviation"]

    model = SmallResNet(1, 10, recipe["widths"], recipe["depth"])
    optimizer = torch.optim.SGD(
        model.parameters(), recipe["lr"], recipe["momentum"], weight_decay=recipe["weightDecay"], nesterov=True
    )
    batch = recipe["batch"]
    steps_per_epoch = count // batch
    steps = steps_per_epoch * recipe["epochs"]
    seconds, processor_seconds, step = 0.0, 0.0, 0
    for epoch in range(recipe["epochs"]):
        started, processor_started = time.perf_counter(), time.process_time()
        order = torch.randperm(count)
        total, right = 0.0, 0
        for i in range(steps_per_epoch):
            indices = order[i * batch : (i + 1) * batch]
            logits = model(normalised(augmented(images[indices], recipe["shift"])))
            loss = functional.cross_entropy(logits, labels[indices], label_smoothing=recipe["labelSmoothing"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.param_groups[0]["lr"] = recipe["lr"] * rate_factor(step, steps, recipe["warmup"])
            optimizer.step()
            step += 1
            total += loss.item() / steps_per_epoch
            right += (logits.argmax(1) == labels[indices]).sum().item()
        elapsed = time.perf_counter() - started
        seconds += elapsed
        processor_seconds += time.process_time() - processor_started
        seen = steps_per_epoch * batch
        report = {"epoch": epoch + 1, "loss": total, "accuracy": right / seen, "seconds": elapsed}
        print(json.dumps({**report, "imagesPerSecond": seen / elapsed}), flush=True)

    model.eval()
    images, labels = read_fashion(folder, "t10k")
    with torch.no_grad():
        predicted = torch.cat([model(normalised(part)).argmax(1) for part in images.split(TEST_BATCH)])
    accuracy = (predicted == labels).double().mean().item()
    device = f"torch {torch.__version__}, {torch.get_num_threads()} threads"
    result = {"accuracy": accuracy, "seconds": seconds, "processorSeconds": processor_seconds}
    print(json.dumps({**result, "images": steps * batch, "device": device}))


if __name__ == "__main__":
    main()

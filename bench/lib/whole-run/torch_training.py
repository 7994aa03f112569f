"""PyTorch for bench/whole-run.mjs: the same questions as engine.mjs, about the same files (task.mjs).

    python3 torch_training.py FOLDER OPTIONS      OPTIONS: {"threads", "format"} as JSON

Images arrive channels last, as attune takes them; they are brought into PyTorch's order, and into the wanted memory
format, when they are read: that takes no part of the times.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

sys.path.append(str(Path(__file__).parents[1]))
from small_resnet import SmallResNet  # noqa: E402
from torch_engine import load, processor, processor_seconds  # noqa: E402

TEST_BATCH = 250
FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


class Engine:
    def __init__(self, folder, threads, layout):
        task = json.loads((folder / "task.json").read_text())
        torch.set_num_threads(threads)
        self.rates = task["rates"]
        self.order = torch.from_numpy(np.fromfile(folder / "order.u32", "<u4").astype(np.int64))
        self.order = self.order.reshape(task["steps"], task["batch"])
        self.train_set, self.test_set = [self.read(folder, name, task, layout) for name in ("train", "test")]
        self.model = SmallResNet(task["channels"], task["classes"], task["widths"], task["depth"])
        load(self.model, folder / "weights.f32", task["tensors"])
        self.model.to(memory_format=layout)
        self.optimizer = torch.optim.SGD(
            self.model.parameters(), task["lr"], task["momentum"], weight_decay=task["weightDecay"], nesterov=True
        )
        self.step = 0

    @staticmethod
    def read(folder, name, task, layout):
        images = np.fromfile(folder / f"{name}.f32", "<f4").reshape(-1, task["side"], task["side"], task["channels"])
        labels = np.fromfile(folder / f"{name}.u8", np.uint8).astype(np.int64)
        return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(memory_format=layout), torch.from_numpy(labels)

    def train(self, count):
        losses, milliseconds = [], []
        cpu = processor_seconds()
        self.model.train()
        images, labels = self.train_set
        for _ in range(count):
            begin = time.perf_counter()
            indices = self.order[self.step]
            loss = functional.cross_entropy(self.model(images[indices]), labels[indices])
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.param_groups[0]["lr"] = self.rates[self.step]
            self.optimizer.step()
            losses.append(loss.item())
            milliseconds.append(1000 * (time.perf_counter() - begin))
            self.step += 1
        cpu = 1000 * (processor_seconds() - cpu)
        return {"losses": losses, "milliseconds": milliseconds, "processorMilliseconds": cpu}

    def evaluate(self):
        self.model.eval()
        images, labels = self.test_set
        with torch.inference_mode():
            predicted = torch.cat([self.model(part).argmax(1) for part in images.split(TEST_BATCH)])
        return {"accuracy": (predicted == labels).double().mean().item()}


def main():
    folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    threads, layout = options["threads"], options["format"]
    engine = Engine(folder, threads, FORMATS[layout])
    team = "one thread" if threads == 1 else f"{threads} threads"
    setting = f"{processor()} ({team}, {layout})"
    print(json.dumps({"name": f"PyTorch {torch.__version__}", "setting": setting}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        answer = engine.train(question["train"]) if "train" in question else engine.evaluate()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

"""PyTorch for bench/whole-run.mjs: the same questions as engine.mjs, about the same files (task.mjs).

    python3 torch_training.py FOLDER OPTIONS      OPTIONS: {"threads", "format", "device", "precision"} as JSON

Images arrive channels last, as attune takes them; they are brought into PyTorch's order, and into the wanted memory
format, when they are read: that takes no part of the times. They stay on the host, and with CUDA each batch goes to the
GPU as it does in attune.
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
from torch_engine import Place, describe, load, processor_seconds  # noqa: E402

TEST_BATCH = 250
FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


class Engine(Place):
    def __init__(self, folder, options):
        super().__init__(options)
        layout = FORMATS[options["format"]]
        task = json.loads((folder / "task.json").read_text())
        self.rates = task["rates"]
        self.order = torch.from_numpy(np.fromfile(folder / "order.u32", "<u4").astype(np.int64))
        self.order = self.order.reshape(task["steps"], task["batch"])
        self.train_set, self.test_set = [self.read(folder, name, task, layout) for name in ("train", "test")]
        self.model = SmallResNet(task["channels"], task["classes"], task["widths"], task["depth"])
        load(self.model, folder / "weights.f32", task["tensors"])
        self.model.to(self.device, memory_format=layout)
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
            batch, wanted = images[indices].to(self.device), labels[indices].to(self.device)
            with self.mixed():
                loss = functional.cross_entropy(self.model(batch), wanted)
            self.optimizer.zero_grad(set_to_none=True)
            self.optimizer.param_groups[0]["lr"] = self.rates[self.step]
            self.backward(loss, self.optimizer)
            losses.append(loss.item())
            milliseconds.append(1000 * (time.perf_counter() - begin))
            self.step += 1
        cpu = 1000 * (processor_seconds() - cpu)
        return {"losses": losses, "milliseconds": milliseconds, "processorMilliseconds": cpu}

    def evaluate(self):
        self.model.eval()
        images, labels = self.test_set
        with torch.inference_mode():
            parts = images.split(TEST_BATCH)
            predicted = torch.cat([self.model(part.to(self.device)).argmax(1).cpu() for part in parts])
        return {"accuracy": (predicted == labels).double().mean().item()}


def main():
    folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    engine = Engine(folder, options)
    print(json.dumps(describe(engine, options)), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        answer = engine.train(question["train"]) if "train" in question else engine.evaluate()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

/**
 * A training step on the CPU device: its time, and what each kind of launch takes of it. Weights and images are
 * made up; SGD with momentum. Prints the time on the wall and the processor's (what the wall would show on a
 * machine with nothing else to do), the median of some steps.
 *
 *     npm run build && node bench/cpu-training.mjs [resnetSmall|resnet50] [batch] [image] [steps] [threads]
 */
import { open } from '../dist/engine/open.js';
import { resnet50, resnetSmall } from '../dist/models/index.js';
import { backward } from '../dist/ops/backward.js';
import { crossEntropy } from '../dist/ops/index.js';
import { sgd } from '../dist/optim/index.js';
import { tensor } from '../dist/tensor/tensor.js';
import { profileRow, profileTable } from './lib/profile.mjs';
import { failInOneLine, wholeNumbers } from './lib/program.mjs';

failInOneLine('cpu-training');

const [name = 'resnetSmall', ...numbers] = process.argv.slice(2);
if (!['resnetSmall', 'resnet50'].includes(name))
  throw new Error(`${name} is neither resnetSmall nor resnet50`);
const isSmall = name === 'resnetSmall';
const given = wholeNumbers(numbers, ['batch', 'image', 'steps', 'threads']);
const [batch = isSmall ? 32 : 4, image = isSmall ? 28 : 224, steps = 5, threads = 1] = given;
const channels = isSmall ? 1 : 3;

const device = await open('cpu', { threads });
const model = isSmall ? resnetSmall({ channels, classes: 10 }) : resnet50({ classes: 10 });
await model.to(device);
const optimizer = sgd(model.memory, { lr: 0.01, momentum: 0.9 });
const images = Float32Array.from({ length: batch * image * image * channels }, (_, i) => Math.sin(i * 0.37));
const labels = Int32Array.from({ length: batch }, (_, i) => i % 10);

const programs = [
  () => {
    const logits = model.forward(tensor(images, [batch, image, image, channels]), { seed: 1 });
    const loss = crossEntropy(logits, tensor(labels, [batch]));
    backward(loss);
    return loss;
  },
  () => {
    optimizer.step();
    optimizer.zeroGradients();
  },
];
const prepared = [];
const { backend } = device;
const prepare = backend.prepare.bind(backend);
backend.prepare = async (commands) => {
  prepared.push(await prepare(commands));
  return prepared.at(-1);
};

const walls = [];
const processor = [];
let loss;
for (let step = 0; step <= steps; step++) {
  const begin = performance.now();
  const cpu = process.cpuUsage();
  [loss] = [await device.run(programs[0]), await device.run(programs[1])];
  const { user, system } = process.cpuUsage(cpu);
  if (step === 0) continue; // plans are made in the first
  walls.push(performance.now() - begin);
  processor.push((user + system) / 1000);
}

console.log(
  `${name}, batch ${batch} at ${image}x${image}x${channels}, ${device.info.adapter}, threads: ${threads},`,
);
console.log(`${device.info.features.join()}, loss ${loss.toFixed(4)} after ${steps + 1} steps`);
console.log(
  `a step: ${median(walls).toFixed(1)} ms on the wall, ${median(processor).toFixed(1)} ms of processor time`,
);
console.log(`peak memory ${(device.counters.peakBytes / 2 ** 20).toFixed(1)} MiB\n`);

// Each launch's best of several runs: on a busy machine some are interrupted.
const stepValues = Array.from({ length: 64 }, () => ({ kind: 'float', value: 0 }));
let times = [];
for (let i = 0; i < steps; i++) {
  const now = [];
  for (const list of prepared) now.push(...(await backend.profile(list, stepValues)));
  times = now.map((time, launch) => best(time, times[launch] ?? time));
}
const rows = times.map((time) => ({
  ...profileRow(time),
  launch: `${time.kernel} [${time.variant}]`,
}));
console.log(profileTable(rows).join('\n'));
await device.close();

function best(a, b) {
  return a.nanoseconds < b.nanoseconds ? a : b;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/**
 * A process that trains a network for some steps, as a run begins: it opens the GPU with what `attune tune` measured, makes
 * the plan before the first step (as the choice of the micro-batch does), and steps. first-step.mjs starts it; the last
 * line that it prints is what it found, as JSON.
 *
 *     node first-step-process.mjs OPTIONS      OPTIONS: { model, batch, side, adapter, steps } as JSON
 */
import { openDevice } from '../../dist/runs/device.js';
import { findModel } from '../../dist/models/index.js';
import { attuneTraining } from './attune-training.mjs';

const CLASSES = 10;

const { model: name, batch, side, adapter, steps: count } = JSON.parse(process.argv[2]);
const started = performance.now();
const device = await openDevice({ device: 'webgpu', adapter });
const opened = performance.now();
const model = findModel(name).create({ classes: CLASSES });
await model.to(device);
const shape = [batch, side, side, 3];
const images = Float32Array.from({ length: batch * side * side * 3 }, (_, i) => ((i * 37) % 251) / 125 - 1);
const labels = Int32Array.from({ length: batch }, (_, i) => i % CLASSES);
const training = attuneTraining(device, model, { shape, lr: 0.001, momentum: 0.9 });
const placed = performance.now();
await training.plan(images, labels);
const planned = performance.now();
const steps = [];
for (let i = 0; i < count; i++) {
  const before = process.cpuUsage();
  const begin = performance.now();
  await training.step(images, labels);
  const milliseconds = performance.now() - begin;
  const { user, system } = process.cpuUsage(before);
  steps.push({ milliseconds, processorMilliseconds: (user + system) / 1000 });
}
const { adapter: adapterName, software } = device.info;
const found = {
  adapter: software ? `${adapterName} (software)` : adapterName,
  tunedClasses: Object.keys(device.choices).length,
  openMilliseconds: opened - started,
  planMilliseconds: planned - placed,
  steps,
};
await device.close();
process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0));

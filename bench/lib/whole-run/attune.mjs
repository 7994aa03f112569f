/** attune, as a user of the library opens a device and trains a network. */
import { createRequire } from 'node:module';
import { argmax, loadStateDict, open, resnetSmall, tensor } from '../../../dist/index.js';
import { tunedChoices } from '../../../dist/runs/tuning-cache.js';
import { attuneTraining } from '../attune-training.mjs';
import { whereOf } from '../engines/attune.mjs';
import { stateEntries } from '../resnet50-weights.mjs';

const { version } = createRequire(import.meta.url)('../../../package.json');

/** Opens device `kind`, 'cpu' with so many threads or 'webgpu' with that adapter, for a task (task.mjs). */
export async function openAttune(task, { kind, adapter, threads }) {
  const { batch, side, channels, classes, widths, depth, momentum, weightDecay } = task;
  const device = await open(kind, kind === 'cpu' ? { threads } : { adapter, choices: tunedChoices() });
  const model = resnetSmall({ channels, classes, widths, depth });
  await loadStateDict(model, stateEntries(task.weights));
  await model.to(device);
  const shape = [batch, side, side, channels];
  const training = attuneTraining(device, model, {
    ...{ shape, lr: task.lr, momentum, weightDecay, nesterov: true },
  });
  return {
    name: `attune ${version} ${kind}`,
    setting: whereOf(device, threads).setting,
    step({ images, labels }, rate) {
      training.setRate(rate);
      return training.step(images, labels);
    },
    predict: (images, count) =>
      device.run(() => argmax(model.forward(tensor(images, [count, side, side, channels])))),
  };
}

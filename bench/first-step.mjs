/**
 * What the first training steps of a process cost where everything is warm: the tuning cache filled by `attune tune`, and
 * the driver's cache of compiled shaders filled by a process before. Two processes train ten steps each; of the second
 * every step is printed, and the first as a multiple of the tenth and of the median of the later ones, which other work on
 * the machine changes less. As a run does, it makes the plan of the step before
 * the first one (the choice of the micro-batch), which is printed as well.
 *
 *     npm run build && node bench/first-step.mjs [--model resnet50] [--batch 8] [--image 224] [--adapter NAME]
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'resnet50' },
    batch: { type: 'string', default: '8' },
    image: { type: 'string', default: '224' },
    adapter: { type: 'string' },
    child: { type: 'boolean', default: false },
  },
});
const STEPS = 10;
const words = ['model', 'batch', 'image', 'adapter'].flatMap((name) =>
  flags[name] === undefined ? [] : [`--${name}`, flags[name]],
);

if (flags.child) {
  const { openDevice } = await import('../dist/finetune/device.js');
  const { findModel } = await import('../dist/models/index.js');
  const { attuneTraining } = await import('./lib/attune-training.mjs');
  const started = performance.now();
  const device = await openDevice({
    device: 'webgpu',
    ...(flags.adapter !== undefined && { adapter: flags.adapter }),
  });
  const opened = performance.now();
  const [batch, side] = [Number(flags.batch), Number(flags.image)];
  const model = findModel(flags.model).create({ classes: 10 });
  await model.to(device);
  const shape = [batch, side, side, 3];
  const images = Float32Array.from({ length: batch * side * side * 3 }, (_, i) => ((i * 37) % 251) / 125 - 1);
  const labels = Int32Array.from({ length: batch }, (_, i) => i % 10);
  const training = attuneTraining(device, model, { shape, lr: 0.001, momentum: 0.9 });
  const placed = performance.now();
  await training.plan(images, labels);
  const planned = performance.now();
  const steps = [];
  for (let i = 0; i < STEPS; i++) {
    const begin = performance.now();
    await training.step(images, labels);
    steps.push(performance.now() - begin);
  }
  const { adapter } = device.info;
  const tuned = Object.keys(device.choices).length;
  await device.close();
  const report = { adapter, tuned, opening: opened - started, planning: planned - placed, steps };
  process.stdout.write(JSON.stringify(report), () => process.exit(0));
} else {
  const self = fileURLToPath(import.meta.url);
  const run = () =>
    JSON.parse(
      execFileSync(process.execPath, [self, '--child', ...words], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
  const print = (title, { opening, planning, steps }) => {
    const times = steps.map((time) => time.toFixed(0)).join(' ');
    console.log(
      `${title}: opening ${opening.toFixed(0)} ms, plan ${planning.toFixed(0)} ms, steps ${times} ms`,
    );
    const later = steps.slice(1).sort((a, b) => a - b);
    return [steps[0] / steps[STEPS - 1], steps[0] / later[later.length >> 1]].map((ratio) =>
      ratio.toFixed(2),
    );
  };
  const before = run();
  const { model, batch, image } = flags;
  console.log(`${before.adapter}, ${model}, ${batch} images of ${image}, ${before.tuned} classes tuned`);
  print('a process before', before);
  const [toTenth, toMedian] = print('warm', run());
  console.log(`first step: ${toTenth} times the tenth, ${toMedian} times the median of the later ones`);
}

/**
 * A process with one engine in it that trains by the task in a folder: measure.mjs starts it and asks. It says where it
 * computes as soon as it could make the first step, and then answers
 *
 *     { train: N }        the next N steps: { losses, milliseconds, processorMilliseconds }, the first two for each step
 *     { evaluate: true }  the share of the test images that it tells rightly: { accuracy }
 *
 *     node engine.mjs FOLDER OPTIONS      OPTIONS: { engine: 'attune' | 'tfjs', kind, adapter, threads } as JSON
 *
 * An engine is { name, setting, step(batch, rate) -> loss, predict(images, count) -> classes }.
 */
import { createInterface } from 'node:readline';
import { batchOf, readTask } from './task.mjs';

/** Images per program when testing; their number changes no result. */
const TEST_BATCH = 250;

const OPENERS = {
  attune: async (...given) => (await import('./attune.mjs')).openAttune(...given),
  tfjs: async (...given) => (await import('./tfjs.mjs')).openTfjs(...given),
};

console.log = console.error; // what engines print is none of the answers
const [folder, words] = process.argv.slice(2);
const options = JSON.parse(words);
const task = await readTask(folder);
const engine = await OPENERS[options.engine](task, options);
answer({ name: engine.name, setting: engine.setting });

let step = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  answer('train' in question ? await train(question.train) : await evaluate());
}

async function train(count) {
  const [losses, milliseconds] = [[], []];
  const before = process.cpuUsage();
  for (const end = step + count; step < end; step++) {
    const begin = performance.now();
    losses.push(await engine.step(batchOf(task, step), task.rates[step]));
    milliseconds.push(performance.now() - begin);
  }
  const { user, system } = process.cpuUsage(before);
  return { losses, milliseconds, processorMilliseconds: (user + system) / 1000 };
}

async function evaluate() {
  const { images, labels } = task.test;
  const length = images.length / labels.length;
  let right = 0;
  for (let begin = 0; begin < labels.length; begin += TEST_BATCH) {
    const end = Math.min(begin + TEST_BATCH, labels.length);
    const predicted = await engine.predict(images.subarray(begin * length, end * length), end - begin);
    for (let i = begin; i < end; i++) if (predicted[i - begin] === labels[i]) right++;
  }
  return { accuracy: right / labels.length };
}

function answer(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

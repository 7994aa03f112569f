/** bench/pipeline.mjs with 300 images: memory stays flat, and nothing is decoded twice. Who waits for whom takes more. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const program = fileURLToPath(new URL('../../../bench/pipeline.mjs', import.meta.url));
const report = new URL('../../../bench/lib/pipeline-report.mjs', import.meta.url);

test('300 images go through training; the program fails unless what it promises holds', async () => {
  const child = spawn(process.execPath, [program, '--images', '300'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert.is(await ended, 0, errors);
  assert.match(output, /\| before the first step \| 300 \|/);
  assert.match(output, /\| features, two epochs, validation \| 0: the folder was away \|/);
  assert.match(output, /\| a second run, of the head alone \| 0; no features were computed either \|/);
  assert.match(output, /whose profile .* the epoch took \d+ MiB/);
  assert.match(output, /waits for images \d+\.\d %/);
});

test('it would tell growth, work done twice, and a device that waits', async () => {
  const { assertPipeline } = await import(report.href);
  const stage = (task: string, images: number, after = 100) => ({ task, images, before: 100, after });
  const stages = [
    stage('preparing images', 10),
    stage('features', 8),
    stage('epoch 1/2', 8),
    stage('epoch 2/2', 8),
  ];
  const profile = { steps: 100, waiting_for_data: 0.01, loader: { busy: 0.1 } };
  const training = { hidden: true, stages };
  const good = {
    images: 10,
    training,
    profiled: { stages, profile },
    again: { stages: [stage('reading images', 10)] },
  };
  assertPipeline(good);
  const refuses = (changes: object, words: RegExp) =>
    assert.throws(() => assertPipeline({ ...good, ...changes }), words);
  refuses({ images: 11 }, /10 of 11 images were decoded before/);
  refuses({ training: { ...training, hidden: false } }, /images were there/);
  refuses({ again: { stages } }, /done again: preparing images, features/);
  const grown = [...stages.slice(0, 3), stage('epoch 2/2', 8, 2 ** 30)];
  refuses({ training: { ...training, stages: grown } }, /"epoch 2\/2" took 1024 MiB more/);
  const slow = (busy: number) => ({
    profiled: { stages, profile: { ...profile, waiting_for_data: 0.5, loader: { busy } } },
  });
  refuses(slow(0.5), /waited for images 50.0 % of the time, and the loader was busy only 50.0 %/);
  assertPipeline({ ...good, ...slow(0.95) });
});

test.run();

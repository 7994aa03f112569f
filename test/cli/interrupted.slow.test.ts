/**
 * Ctrl-C, and the signal by which a scheduler ends a process, while the real program reads a file that takes seconds: at
 * the limits of its format.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { message, messageField, stringField } from '#src/formats/protobuf-write';
import { newPath } from '../finetune/support.js';
import { concat, MARK, safetensorsOf, torchLegacy, zip } from '../formats/support.js';
import { launcher } from './support.js';

/** Milliseconds of its own work that the program may take to end, and to answer at any time. */
const AT_ONCE = 250;
/** The same on a machine so busy that a process waits for its turn. */
const SOON = 5000;

/** Tells when the program listens for signals; and how long its main thread was busy at a time. */
const LISTENING = '# listening';
const tell = `process.on('newListener', (name) => name === 'SIGINT' && console.error('${LISTENING}'))`;
const watch = [
  ...['--import', `data:text/javascript,${encodeURIComponent(tell)}`],
  ...['--import', new URL('../finetune/watch-event-loop.js', import.meta.url).href],
];

const folder = newPath();
mkdirSync(folder);

/** Never opened. */
const picture = join(folder, 'picture.png');
writeFileSync(picture, '');

const encode = (text: string) => new TextEncoder().encode(text);
const many = (count: number, make: (i: number) => string) => Array.from({ length: count }, (_, i) => make(i));

function names(count: number): Uint8Array {
  const items = many(count, (i) => `U\x06${String(i).padStart(6, '0')}N`).join('');
  return concat([0x80, 2, 0x7d, MARK], encode(items), [0x75, 0x2e]);
}

function nodes(count: number, inputs: number): Uint8Array {
  const input = stringField(1, 'a');
  const node = Buffer.concat(messageField(1, message(...Array(inputs).fill(input))).pieces);
  const graph = { length: count * node.length, pieces: Array<Uint8Array>(count).fill(node) };
  return concat([8, 8, 0x12, 1, 0x61], Buffer.concat(messageField(7, graph).pieces));
}

const tensor = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';
const config = `{"config":{"layers":[${many(900_000, () => '{"config":{}}').join()}]}}`;

/** A file of each reader that takes seconds, by its name, and the words of a command that reads it. */
const SLOW: readonly (readonly [name: string, make: () => Uint8Array, words: (path: string) => string[]])[] =
  [
    ['pickle.pth', () => torchLegacy(names(950_000)), (path) => ['convert', path, join(folder, 'a.onnx')]],
    [
      'header.safetensors',
      () => safetensorsOf(`{${many(199_999, (i) => `"${i}":${tensor}`).join()}}`),
      (path) => ['predict', path, picture, '--device', 'cpu'],
    ],
    [
      'topology.json',
      () => encode(`{"weightsManifest":[],"modelTopology":{"a":[${'[1],'.repeat(8_000_000)}1]}}`),
      (path) => ['evaluate', path, folder, '--device', 'cpu'],
    ],
    ['nodes.onnx', () => nodes(1_900, 990), (path) => ['convert', path, join(folder, 'a.safetensors')]],
    [
      'layers.keras',
      () =>
        zip([
          { name: 'metadata.json', data: encode('{}') },
          { name: 'config.json', data: encode(config) },
          { name: 'model.weights.h5', data: new Uint8Array(0) },
        ]),
      (path) => ['convert', path, join(folder, 'a.h5')],
    ],
    [
      'rows.csv',
      () => encode(`image,label\n${many(1_900_000, (i) => `${i}.png,${i % 9}`).join('\n')}`),
      (path) => ['finetune', path, '--device', 'cpu', '--weights', 'none'],
    ],
  ];

for (const [name, make, words] of SLOW) {
  const path = join(folder, name);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} while ${name} is read`, async () => {
      if (signal === 'SIGINT') writeFileSync(path, make());
      const { status, stderr, milliseconds } = await ended(words(path), signal);
      assert.is(status, 130, stderr);
      assert.match(stderr, /^attune: reading was interrupted: run the same command again$/m);
      const [, busy] = /^# busy for (\d+) ms at most$/m.exec(stderr) ?? [];
      console.log(`# ${name}: ended after ${Math.round(milliseconds)} ms, busy for ${busy} ms at most`);
      assert.ok(milliseconds < SOON, `ended after ${milliseconds} ms`);
      assert.ok(Number(busy) < AT_ONCE, stderr);
    });
  }
}

/** Runs the program, and sends the signal some tenths of a second after it listens for signals: the file is read then. */
async function ended(words: readonly string[], signal: NodeJS.Signals) {
  const child = spawn(process.execPath, [...watch, launcher, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  const listens = new Promise<void>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (stderr.includes(LISTENING)) resolve();
    });
  });
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  await Promise.race([listens, closed]);
  await wait(600);
  const before = performance.now();
  child.kill(signal);
  const status = await closed;
  return { status, stderr, milliseconds: performance.now() - before };
}

test.run();

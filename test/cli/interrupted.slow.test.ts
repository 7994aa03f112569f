/**
 * Ctrl-C, and the signal by which a scheduler ends a process, while the real program reads a file that takes seconds: at
 * the limits of its format.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import { message, messageField, stringField } from '#src/formats/protobuf-write';
import { newPath } from '../finetune/support.js';
import { concat, MARK, safetensorsOf, torchLegacy, zip } from '../formats/support.js';
import { assertEndsSoon } from './interrupted-support.js';

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
      await assertEndsSoon(name, words(path), { signal });
    });
  }
}

test('SIGINT while the rows of a table are sorted, or their images looked for', async () => {
  const words = ['finetune', join(folder, 'rows.csv'), '--device', 'cpu', '--weights', 'none'];
  await assertEndsSoon('sorted rows', words, { after: 15_000 });
});

test.run();

/** The shader's Philox gives the host's words, bit for bit. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Kernel } from '#src/device/kernel';
import { philox } from '#src/tensor/philox';
import { launch } from '../ops/kernel-suite.js';
import { Random, webgpuDevice } from '../ops/support.js';
import { KNOWN_ANSWERS } from './philox-vectors.js';

interface WordsAttributes {
  readonly count: number;
  readonly counter: readonly [number, number, number, number];
  readonly key: readonly [number, number];
}

const wordsKernel: Kernel<WordsAttributes> = {
  name: 'philoxWords',
  bindings: [{ name: 'words', access: 'write' }],
  shader: {
    variants: {
      flat: {
        file: '../test/tensor/shaders/philox-words.wgsl',
        libraries: ['philox.wgsl'],
        constants: { WORKGROUP: 64 },
        grid: ({ count }) => [Math.ceil(count / 64), 1, 1],
      },
    },
    choose: () => 'flat',
    words: ({ count, counter, key }) => [count, ...counter, ...key],
    element: () => 'u32',
  },
  cpu: { units: () => 1, run: () => {} },
};

async function wordsOf(attributes: WordsAttributes): Promise<number[]> {
  const { backend } = await webgpuDevice();
  const values = new Array(4 * attributes.count).fill(0);
  const [words] = await launch(backend, wordsKernel, { attributes, operands: [{ dtype: 'uint32', values }] });
  return [...words];
}

test('the shader gives the known answers', async () => {
  for (const { counter, key, words } of KNOWN_ANSWERS) {
    assert.equal(await wordsOf({ count: 1, counter, key }), words);
  }
});

test('the shader gives the words of the host', async () => {
  const random = new Random(11);
  const word = () => random.whole(0, 2 ** 32 - 1);
  for (let time = 0; time < 8; time++) {
    const counter = [random.whole(0, 1e9), word(), word(), word()] as const;
    const key = [word(), word()] as const;
    const expected = Array.from({ length: 500 }, (_, i) =>
      philox([counter[0] + i, counter[1], counter[2], counter[3]], key),
    );
    assert.equal(await wordsOf({ count: 500, counter, key }), expected.flat());
  }
});

test.run();

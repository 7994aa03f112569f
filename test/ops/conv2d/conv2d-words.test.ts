/** The constants that convolutions hand to their shaders are those that the shaders' structs name, in their order. */
import { readFileSync } from 'node:fs';
import type { Conv2dGeometry } from '#src/ops/conv2d/conv2d-attributes';
import { kernels } from '#src/ops/kernels';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const LIBRARIES = new URL('../../../../shaders/lib/', import.meta.url);

/** [name, words] of the members of a struct; those of a geometry are put in its place. */
function membersOf(file: string, struct: string): [name: string, words: number][] {
  const text = readFileSync(new URL(file, LIBRARIES), 'utf8');
  const body = new RegExp(`struct ${struct} \\{([^}]*)\\}`).exec(text)?.[1] ?? '';
  return [...body.matchAll(/^ *(?:@size\((\d+)\) )?(\w+): (\w+),$/gm)].flatMap(([, size, name, type]) => {
    if (type !== 'Geometry') return [[name!, 1]];
    const geometry = membersOf('conv2d-geometry.wgsl', 'Geometry');
    return [...geometry, ['room', Number(size ?? 4 * geometry.length) / 4 - geometry.length]];
  });
}

const GEOMETRY: Conv2dGeometry = {
  batch: 2,
  height: 11,
  width: 13,
  channels: 12,
  filters: 24,
  kernelHeight: 5,
  kernelWidth: 7,
  outHeight: 9,
  outWidth: 14,
  strideHeight: 3,
  strideWidth: 4,
  padTop: 6,
  padLeft: 8,
  dilationHeight: 10,
  dilationWidth: 15,
  groups: 4,
};
const ATTRIBUTES = { ...GEOMETRY, epilogue: {}, splits: 3, positionsPerSplit: 100 };
const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

const structs = [
  ['conv2d', 'conv2d-constants.wgsl'],
  ['conv2dInputGradient', 'conv2d-input-gradient.wgsl'],
  ['conv2dWeightGradient', 'conv2d-weight-gradient.wgsl'],
] as const;
for (const [kernel, file] of structs) {
  test(`${kernel}: the geometry comes first, and every word has a name`, () => {
    const words: unknown[] = kernels[kernel].shader.words(ATTRIBUTES as never) as unknown[];
    const members = membersOf(file, 'Constants');
    for (const [i, [name]] of members.slice(0, 16).entries()) {
      assert.is(words[i], GEOMETRY[camelCase(name) as keyof Conv2dGeometry], name);
    }
    assert.is(
      members.reduce((sum, [, count]) => sum + count, 0),
      words.length,
    );
    const at = members.slice(
      0,
      members.findIndex(([name]) => name === 'group_channels'),
    );
    const first = at.reduce((sum, [, count]) => sum + count, 0);
    assert.equal(words.slice(first, first + 2), [3, 6]);
  });
}

test("Winograd's words lie behind the geometry, and a product has the first of them by other names", () => {
  const square = { ...GEOMETRY, kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 0, groups: 1 };
  const names = membersOf('winograd-constants.wgsl', 'Constants').map(([name]) => name);
  const expected = {
    conv2d: { tiles: 24, filters: 24, channels: 12, height: 11, width: 13, out_height: 9, out_width: 14 },
    conv2dInputGradient: {
      tiles: 24,
      filters: 12,
      channels: 24,
      height: 9,
      width: 14,
      out_height: 11,
      out_width: 13,
    },
  };
  for (const [kernel, sizes] of Object.entries(expected)) {
    const { shader } = kernels[kernel as keyof typeof expected];
    const words = shader.words({ ...square, epilogue: {} } as never) as number[];
    // The member behind the geometry is `room`, of no words.
    const named = Object.fromEntries(
      names.filter((name) => name !== 'room').map((name, i) => [name, words[i]]),
    );
    const own = Object.fromEntries(names.slice(17).map((name, i) => [name, words[16 + i]]));
    for (const [name, value] of Object.entries(sizes)) assert.is(own[name], value, `${kernel} ${name}`);
    assert.is(own.positions, 36);
    assert.is(named.kernel_height, 3);
  }
  const product = membersOf('winograd-product.wgsl', 'Constants').map(([name]) => name);
  assert.equal(product.slice(17), ['m', 'n', 'k', 'batch', 'epilogue']);
  assert.equal(names.slice(17, 22), ['tiles', 'filters', 'channels', 'positions', 'epilogue']);
});

test.run();

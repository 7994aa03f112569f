/** How a shader's text is put together. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { float } from '#src/device/kernel';
import { CONSTANTS_BYTES, shaderText, writeWords } from '#src/device/webgpu/shader';

const library = { path: 'lib/a.wgsl', text: '// library\nfn twice(x: f32) -> f32 { return x + x; }\n' };
const kernel = { path: 'k.wgsl', text: '// kernel\nenable subgroups;\nfn main() {}\n' };

/** What the prelude says of operands, none of them float16. */
const ELEMENTS = Array.from({ length: 8 }, (_, i) => `alias Element${i} = f32;`).join(' ');

test('prelude, libraries and file follow each other; enables come first', () => {
  const { code } = shaderText('f32', { TILE_M: 64, TILE_N: 8 }, [library, kernel]);
  assert.equal(code.split('\n'), [
    'enable subgroups;',
    'alias Element = f32;',
    'const TILE_M = 64u;',
    'const TILE_N = 8u;',
    ELEMENTS,
    '// library',
    'fn twice(x: f32) -> f32 { return x + x; }',
    '// kernel',
    '                 ',
    'fn main() {}',
    '',
  ]);
});

test('an enable that two files need is written once', () => {
  const { code } = shaderText('u32', {}, [kernel, { ...kernel, path: 'other.wgsl' }]);
  assert.is(code.match(/enable subgroups;/g)?.length, 1);
});

test('operands that are stored as float16 have their own type, where the shader is written for it', () => {
  const file = { path: 'k.wgsl', text: '@binding(1) var<storage> x: array<Element1>;\n' };
  const { code } = shaderText('f32', {}, [file], [1]);
  assert.match(code, /^enable f16;\n.*alias Element0 = f32; alias Element1 = f16; alias Element2 = f32;/s);
  const unprepared = { path: 'k.wgsl', text: '@binding(0) var<storage> x: array<Element>;\n' };
  assert.throws(
    () => shaderText('f32', {}, [unprepared], [0]),
    /operand 0 is stored as float16.*Element0.*k\.wgsl/,
  );
  // A pass that does without the operand.
  assert.match(shaderText('f32', {}, [kernel], [0]).code, /alias Element0 = f16;/);
});

test('a line leads back to its file', () => {
  const { origin } = shaderText('f32', { TILE_M: 64 }, [library, kernel]);
  assert.equal(origin(2), { path: 'prelude', line: 2 });
  assert.equal(origin(5), { path: 'lib/a.wgsl', line: 1 });
  assert.equal(origin(6), { path: 'lib/a.wgsl', line: 2 });
  assert.equal(origin(9), { path: 'k.wgsl', line: 3 });
  assert.equal(origin(99), { path: 'k.wgsl', line: 3 });
});

test('constants are unsigned integers', () => {
  for (const value of [-1, 0.5, 2 ** 32, Number.NaN]) {
    assert.throws(
      () => shaderText('f32', { TILE: value }, [kernel]),
      /shader constant TILE is .*k\.wgsl.*unsigned/,
    );
  }
});

test('words are u32 or f32', () => {
  const view = new DataView(new ArrayBuffer(2 * CONSTANTS_BYTES));
  writeWords(view, CONSTANTS_BYTES, [7, float(0.5), 0xffffffff, float(-3)], 'k');
  assert.is(view.getUint32(0, true), 0, 'words of another launch stay');
  assert.is(view.getUint32(CONSTANTS_BYTES, true), 7);
  assert.is(view.getFloat32(CONSTANTS_BYTES + 4, true), 0.5);
  assert.is(view.getUint32(CONSTANTS_BYTES + 8, true), 0xffffffff);
  assert.is(view.getFloat32(CONSTANTS_BYTES + 12, true), -3);
});

test('words that are neither, and too many words, are refused', () => {
  const view = new DataView(new ArrayBuffer(CONSTANTS_BYTES));
  assert.throws(() => writeWords(view, 0, [-1], 'conv'), /constant word 0 is -1 \(kernel conv\)/);
  assert.throws(() => writeWords(view, 0, [1, 0.5], 'conv'), /constant word 1 is 0\.5/);
  assert.throws(
    () => writeWords(view, 0, new Array(65).fill(0), 'conv'),
    /65 constant words are more than 64/,
  );
});

test.run();

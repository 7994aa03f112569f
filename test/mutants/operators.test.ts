/** What counts as a place to break, in each of the three languages. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Kind, mutated, mutationsOf } from './operators.js';
import { type Language, lineAt } from './source.js';

/** The line `body` of a function as each mutation of one kind leaves it. */
function mutants(language: Language, kind: Kind, body: string): string[] {
  const head = { javascript: '    run({ x }) {', wgsl: 'fn f() {', assemblyscript: 'function f(): void {' };
  const source = `${head[language]}\n${body}\n}\n`;
  return mutationsOf(source, language)
    .filter((mutation) => mutation.kind === kind)
    .map((mutation) => lineAt(mutated(source, mutation), mutation.start));
}

test('signs are flipped', () => {
  assert.equal(mutants('javascript', 'sign', 'y = a + b * -c;'), [
    'y = a - b * -c;',
    'y = a + b / -c;',
    'y = a + b * c;',
  ]);
  assert.equal(mutants('javascript', 'sign', 'total += x;'), ['total -= x;']);
  assert.equal(mutants('javascript', 'sign', 'for (let i = 0; i < n; i += 4) x[i] = 0;'), []);
});

test('terms and factors are dropped whole', () => {
  assert.equal(mutants('javascript', 'term', 'y = a + b[i + 1] * f(c, d) - e;'), [
    'y = a - e;',
    'y = a + b[i] * f(c, d) - e;',
    'y = a + b[i + 1] - e;',
    'y = a + b[i + 1] * f(c, d);',
  ]);
  assert.equal(mutants('assemblyscript', 'term', 'y = x + <usize>i * 4;'), ['y = x;', 'y = x + <usize>i;']);
  assert.equal(mutants('wgsl', 'term', 'y = a + vec4<f32>(b) * c;'), ['y = a;', 'y = a + vec4<f32>(b);']);
});

test('comparisons change at their edge, or turn round', () => {
  assert.equal(mutants('javascript', 'comparison', 'if (a < b && c === d) f();'), [
    'if (a <= b && c === d) f();',
    'if (a < b || c === d) f();',
    'if (a < b && c !== d) f();',
  ]);
  assert.equal(mutants('wgsl', 'comparison', 'var sums: array<f32, 4>;'), []);
});

test('places and numbers move by one, declarations stay', () => {
  assert.equal(mutants('wgsl', 'offset', 'let top = pad_top - 2u;'), [
    'let top = (pad_top + 1) - 2u;',
    'let top = pad_top - 3u;',
  ]);
  assert.equal(mutants('javascript', 'offset', 'const { padTop, first } = attributes;'), []);
});

test('a name becomes its counterpart where that is a name as well', () => {
  assert.equal(mutants('javascript', 'index', 'y = height * width + row;'), [
    'y = width * width + row;',
    'y = height * height + row;',
  ]);
});

test('operands change places, unless that changes nothing', () => {
  assert.equal(mutants('javascript', 'operands', 'y = f(a, g[i]) + Math.max(a, b);'), [
    'y = f(g[i], a) + Math.max(a, b);',
  ]);
  assert.equal(mutants('wgsl', 'operands', 'y = select(a, b, a > b);'), ['y = select(b, a, a > b);']);
});

test('comments, strings and what computes nothing are left alone', () => {
  assert.equal(mutants('javascript', 'sign', "// a + b\nf('a + b', `a + b`);"), []);
  assert.equal(mutationsOf('const words = [1 + 2];\n', 'javascript'), []);
});
test.run();

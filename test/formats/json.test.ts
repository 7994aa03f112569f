import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { JsonScanner } from '#src/formats/json';
import { weightsError } from '#src/formats/tensors';
import { rejects } from './support.js';

function scannerOf(text: string): JsonScanner {
  return new JsonScanner(text, (what) => weightsError('json', what));
}

/** Scans an object of strings. */
function strings(text: string): [string, string][] {
  const json = scannerOf(text);
  const members: [string, string][] = [];
  json.object((key) => members.push([key, json.string()]));
  json.end();
  return members;
}

/** Scans an array of whole numbers. */
function integers(text: string): number[] {
  const json = scannerOf(text);
  const numbers: number[] = [];
  json.array(() => numbers.push(json.integer()));
  json.end();
  return numbers;
}

test('what JSON.stringify writes is read back, with any white space', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
      fc.constantFrom('', ' ', '\t', '\n  '),
      (object, space) => {
        assert.equal(strings(space + JSON.stringify(object, null, space) + space), Object.entries(object));
      },
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat()), (numbers) => {
      assert.equal(integers(JSON.stringify(numbers)), numbers);
    }),
  );
});

test('escapes are resolved', () => {
  assert.equal(strings('{"\\u0061\\n":"\\ud83d\\ude00\\\\\\""}'), [['a\n', '😀\\"']]);
});

test('equal keys are refused, also when they are written differently', async () => {
  await rejects(() => strings('{"a":"1","b":"2","a":"3"}'), /the key "a" appears twice/);
  await rejects(() => strings('{"a":"1","\\u0061":"3"}'), /the key "a" appears twice/);
  await rejects(() => strings('{"__proto__":"1","__proto__":"3"}'), /"__proto__" appears twice/);
});

test('malformed text is refused where it is malformed', async () => {
  for (const text of [
    '',
    '{',
    '{"a"',
    '{"a":',
    '{"a":"b"',
    '{"a":"b",}',
    '{,}',
    '{a:"b"}',
    "{'a':'b'}",
    '[]',
  ]) {
    await rejects(() => strings(text), /at character \d+/);
  }
  await rejects(() => strings('{"a":"b"} x'), /something follows the end/);
  await rejects(() => strings('{"a":"b"}{}'), /something follows the end/);
  for (const string of ['"\n"', '"\\x41"', '"\\u12"', '"unclosed', '"\\']) {
    await rejects(() => strings(`{"a":${string}}`), /malformed|expected/);
  }
  await rejects(() => strings('{"a":"\\ud800"}'), /malformed/);
  await rejects(() => strings('{"a":1}'), /expected/);
});

test('only whole numbers that are exact are numbers', async () => {
  assert.equal(integers(`[0, 9007199254740991]`), [0, Number.MAX_SAFE_INTEGER]);
  const bad = [
    '-1',
    '-0',
    '1.0',
    '1e3',
    '01',
    '9007199254740992',
    '18446744073709551614',
    '1'.repeat(400),
    'NaN',
  ];
  for (const number of bad) await rejects(() => integers(`[${number}]`), /whole number/);
  await rejects(() => integers('["1"]'), /whole number/);
});

test('megabytes of text, string or white space take no stack', () => {
  const long = 'x'.repeat(5_000_000);
  assert.is(strings(`{"a":"${long}"}`)[0][1].length, long.length);
  assert.equal(integers(`[${' '.repeat(5_000_000)}1]`), [1]);
});

test.run();

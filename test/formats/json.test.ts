import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { JsonScanner } from '#src/formats/json';
import { Pauses } from '#src/pauses';
import { weightsError } from '#src/formats/tensors';
import { rejects } from './support.js';

function scannerOf(text: string): JsonScanner {
  return new JsonScanner(text, new Pauses(), (what) => weightsError('json', what));
}

/** Scans an object of strings. */
async function strings(text: string): Promise<[string, string][]> {
  const json = scannerOf(text);
  const members: [string, string][] = [];
  await json.object((key) => members.push([key, json.string()]));
  json.end();
  return members;
}

/** Scans a string of any length. */
async function textOf(text: string): Promise<string> {
  const json = scannerOf(text);
  const value = await json.text();
  json.end();
  return value;
}

/** Scans an array of whole numbers. */
async function integers(text: string): Promise<number[]> {
  const json = scannerOf(text);
  const numbers: number[] = [];
  await json.array(() => numbers.push(json.integer()));
  json.end();
  return numbers;
}

test('what JSON.stringify writes is read back, with any white space', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
      fc.constantFrom('', ' ', '\t', '\n  '),
      async (object, space) => {
        assert.equal(
          await strings(space + JSON.stringify(object, null, space) + space),
          Object.entries(object),
        );
      },
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.maxSafeNat()), async (numbers) => {
      assert.equal(await integers(JSON.stringify(numbers)), numbers);
    }),
  );
});

test('escapes are resolved', async () => {
  assert.equal(await strings('{"\\u0061\\n":"\\ud83d\\ude00\\\\\\""}'), [['a\n', '😀\\"']]);
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
  assert.equal(await integers(`[0, 9007199254740991]`), [0, Number.MAX_SAFE_INTEGER]);
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

test('megabytes of text, string or white space take no stack', async () => {
  const long = 'x'.repeat(5_000_000);
  assert.is(await textOf(`"${long}"`), long);
  await rejects(() => strings(`{"a":"${long}"}`), /a name has more than 1048576 characters/);
  assert.equal(await integers(`[${' '.repeat(5_000_000)}1]`), [1]);
});

test('a long text is read in pieces, which cut no escape and no character', async () => {
  // One of these pairs and escapes lies across the end of the first piece, wherever that is.
  for (const part of ['😀', '\\ud83d\\ude00', '\\n', '\\\\', '\\"', 'é']) {
    for (let shift = 0; shift < part.length; shift++) {
      const text = `"${'x'.repeat(2 ** 20 - shift)}${part.repeat(3)}"`;
      assert.is(await textOf(text), JSON.parse(text), `${part} ${shift}`);
    }
  }
  await rejects(() => textOf(`"${'x'.repeat(2 ** 20 - 6)}\\ud83d"`), /malformed/);
  await rejects(() => textOf(`"${'x'.repeat(2 ** 20)}`), /malformed/);
  await rejects(() => textOf(`"${'x'.repeat(2 ** 20 - 1)}\\`), /malformed/);
});

/** Builds a value, taken apart down to some levels. */
async function built(text: string, levels: number): Promise<unknown> {
  const json = scannerOf(text);
  const value = await json.build(levels);
  json.end();
  return value;
}

test('what is built is what JSON.parse builds, however deep it is taken apart', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.jsonValue(),
      fc.nat(3),
      fc.constantFrom('', ' ', '\n  '),
      async (value, levels, space) => {
        const text = space + JSON.stringify(value, null, space) + space;
        assert.is(JSON.stringify(await built(text, levels)), JSON.stringify(JSON.parse(text)));
      },
    ),
  );
  assert.equal(Object.keys((await built('{"__proto__":{"a":1}}', 2)) as object), ['__proto__']);
});

test('what JSON.parse refuses is not built', async () => {
  const bad = [
    '',
    '[',
    '{"a":',
    '[1,]',
    '[1 2]',
    '[}',
    '[1}',
    '["a]',
    '["\\',
    ']',
    '[tru]',
    '[01]',
    '[NaN]',
    '["a"b]',
  ];
  for (const text of bad) for (const levels of [0, 1, 2]) await rejects(() => built(text, levels), /./);
  await rejects(() => built('[1] 2', 1), /something follows/);
  await rejects(() => built('{"a":1,"a":2}', 1), /twice/);
});

test('a value that is built at once has at most 262,144 characters', async () => {
  const list = `[${'[],'.repeat(100_000)}[]]`;
  await rejects(() => built(`{"a":${list}}`, 1), /a value has more than 262144 characters/);
  await rejects(() => built(`["${'x'.repeat(2 ** 18)}"]`, 1), /a value has more than 262144 characters/);
  assert.is(((await built(`{"a":${list}}`, 2)) as { a: unknown[] }).a.length, 100_001);
  assert.equal(await built(`["${'x'.repeat(2 ** 18 - 2)}"]`, 1), ['x'.repeat(2 ** 18 - 2)]);
});

test('an object has at most 262,144 keys', async () => {
  const keys = Array.from({ length: 2 ** 18 + 1 }, (_, i) => `"${i}":"" `);
  await rejects(() => strings(`{${keys.join()}}`), /an object has more than 262144 keys/);
});

test.run();

/** The article's listing has its numbers; article-resnet50.slow.test.ts runs it. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('it has the numbers of the article', () => {
  const source = readFileSync(new URL('../../../src/examples/article-resnet50.ts', import.meta.url), 'utf8');
  assert.match(source, /lr: 0\.001, momentum: 0\.9/);
  assert.match(source, /stepSize: 7, gamma: 0\.1/);
  assert.match(source, /epochs = 25/);
});

test.run();

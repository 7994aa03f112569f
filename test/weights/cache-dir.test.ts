/** Where the cache goes on each platform; asked with made-up environments, on any machine. */

import { resolve } from 'node:path';
import { cacheDir } from '#src/weights/cache-dir';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

type Env = Record<string, string | undefined>;
const linux = (env: Env) => cacheDir({ env, platform: 'linux', home: '/home/ada' });
const windows = (env: Env) => cacheDir({ env, platform: 'win32', home: 'C:\\Users\\Ada' });

test('Linux: the XDG folder, or ~/.cache', () => {
  assert.is(linux({}), '/home/ada/.cache/attune');
  assert.is(linux({ XDG_CACHE_HOME: '/var/cache/ada' }), '/var/cache/ada/attune');
  assert.is(linux({ XDG_CACHE_HOME: '' }), '/home/ada/.cache/attune');
  assert.is(linux({ XDG_CACHE_HOME: 'relative' }), '/home/ada/.cache/attune');
});

test('macOS: Library/Caches', () => {
  const path = cacheDir({ env: {}, platform: 'darwin', home: '/Users/ada' });
  assert.is(path, '/Users/ada/Library/Caches/attune');
});

test('Windows: the local application data', () => {
  assert.is(windows({ LOCALAPPDATA: 'D:\\Lokal' }), 'D:\\Lokal\\attune\\Cache');
  assert.is(windows({}), 'C:\\Users\\Ada\\AppData\\Local\\attune\\Cache');
});

test('ATTUNE_CACHE wins everywhere, is made absolute, and counts only when not empty', () => {
  assert.is(linux({ ATTUNE_CACHE: '/data/ü cache', XDG_CACHE_HOME: '/x' }), '/data/ü cache');
  assert.is(linux({ ATTUNE_CACHE: 'here' }), resolve('here'));
  assert.is(linux({ ATTUNE_CACHE: '' }), '/home/ada/.cache/attune');
  assert.is(windows({ ATTUNE_CACHE: 'E:\\cache' }), 'E:\\cache');
});

test.run();

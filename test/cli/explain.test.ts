/** attune explain as a user types it. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attuneHere } from './support.js';

const demo = (name: string) => fileURLToPath(new URL(`../../../weights/demo/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'attune explain ü '));
test.after(() => rmSync(folder, { recursive: true }));

test('explain writes a picture and says of which class', async () => {
  const words = ['explain', '--weights', demo('garments.safetensors'), 'bag/00.png', '--out', folder];
  const cwd = demo('images/test');
  const { status, stdout, stderr } = await attuneHere([...words, '--device', 'cpu'], { cwd });
  assert.is(status, 0, stderr);
  assert.match(stdout, /^image +class +probability +map\nbag.00\.png +\S+ +[\d.]+ % +.*00\.grad-cam\.png\n$/);
  assert.ok(existsSync(join(folder, '00.grad-cam.png')));
});

test('explain names a missing image, and a wrong method', async () => {
  const missing = await attuneHere(['explain', '--weights', demo('garments.safetensors'), 'none.png']);
  assert.is(missing.status, 1);
  assert.match(missing.stderr, /none\.png/);
  const wrong = await attuneHere(['explain', '--model', 'resnet50', 'a.png', '--method', 'gradcam']);
  assert.is(wrong.status, 2);
  assert.match(wrong.stderr, /grad-cam/);
});

test.run();

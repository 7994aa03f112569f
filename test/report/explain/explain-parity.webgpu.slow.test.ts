/** bench/parity/explain.mjs: Grad-CAM on a ResNet50 is what PyTorch's autograd gives, on every device. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const program = fileURLToPath(new URL('../../../../bench/parity/explain.mjs', import.meta.url));

test('Grad-CAM and Grad-CAM++ of a ResNet50 equal PyTorch, and other weights give another map', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--pictures', '2'], {
    encoding: 'utf8',
    timeout: 4 * 60_000,
  });
  for (const line of stdout.split('\n')) console.log(`# ${line}`);
  assert.is(status, 0, stdout + stderr);
  assert.is(stdout.match(/^ {2}ok {3}grad-cam/gm)?.length, 8);
});

test.run();

/** Which device is used when nothing, a kind, or an adapter is asked for. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseDevice, matchesAdapter, nearestName } from '#src/device/choose';

const adapter = (name: string, software: boolean) =>
  ({ kind: 'webgpu', adapter: name, software, features: [], limits: {} }) as const;
const llvmpipe = adapter('llvmpipe-llvm-15-0-6-256-bits', true);
const radeon = adapter('amd-radeon-780m', false);
const geforce = adapter('nvidia-geforce-rtx-4090', false);

test('auto takes the first hardware GPU', () => {
  assert.equal(chooseDevice({ device: 'auto' }, [llvmpipe, radeon, geforce]), {
    kind: 'webgpu',
    adapter: radeon.adapter,
  });
});

test('auto takes the CPU where there is no hardware GPU', () => {
  assert.equal(chooseDevice({ device: 'auto' }, [llvmpipe]), { kind: 'cpu' });
  assert.equal(chooseDevice({ device: 'auto' }, []), { kind: 'cpu' });
});

test('cpu is the CPU, whatever there is', () => {
  assert.equal(chooseDevice({ device: 'cpu' }, [radeon]), { kind: 'cpu' });
});

test('a software adapter is used when it is named', () => {
  const chosen = { kind: 'webgpu', adapter: llvmpipe.adapter };
  assert.equal(chooseDevice({ device: 'webgpu', adapter: 'llvmpipe' }, [radeon, llvmpipe]), chosen);
  assert.equal(chooseDevice({ device: 'auto', adapter: 'LLVMpipe (LLVM' }, [radeon, llvmpipe]), chosen);
});

test('a GPU that was asked for and is not there is an error', () => {
  assert.throws(() => chooseDevice({ device: 'webgpu' }, [llvmpipe]), /no hardware GPU .*--adapter llvmpipe/);
  assert.throws(() => chooseDevice({ device: 'webgpu' }, []), /no hardware GPU .*npm run setup:vulkan/);
});

test('an adapter that is not there is an error that lists those that are', () => {
  const wish = { device: 'auto', adapter: 'voodoo' } as const;
  assert.throws(
    () => chooseDevice(wish, [radeon, geforce]),
    /named voodoo \(--adapter\): there is amd-radeon-780m, nvidia-geforce/,
  );
  assert.throws(() => chooseDevice(wish, []), /named voodoo .*this machine has none/);
});

test('a whole name means the adapter of that name, not one before it whose name begins with it', () => {
  const ti = adapter('NVIDIA GeForce RTX 3080 Ti', false);
  const plain = adapter('NVIDIA GeForce RTX 3080', false);
  const wish = { device: 'webgpu', adapter: plain.adapter } as const;
  assert.equal(chooseDevice(wish, [ti, plain]), { kind: 'webgpu', adapter: plain.adapter });
  assert.equal(chooseDevice({ ...wish, adapter: '3080' }, [ti, plain]), {
    kind: 'webgpu',
    adapter: ti.adapter,
  });
  assert.is(nearestName('nvidia-geforce-rtx-3080', [ti.adapter, plain.adapter]), 1);
  assert.is(nearestName('voodoo', [ti.adapter, plain.adapter]), -1);
});

test('names match by letters and digits', () => {
  assert.ok(matchesAdapter('GeForce RTX 4090', 'nvidia-geforce-rtx-4090'));
  assert.ok(matchesAdapter('llvmpipe-llvm-15-0-6-256-bits', 'llvmpipe (LLVM 15.0.6, 256 bits)'));
  assert.not.ok(matchesAdapter('rtx 4080', 'nvidia-geforce-rtx-4090'));
});

test.run();

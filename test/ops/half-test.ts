/** Tests that need an adapter with float16 in shaders. One without is to refuse mixed precision, whatever was to be tested. */
import { openDawn } from '#src/device/webgpu/node';
import { test } from 'uvu';
import { sharedWebGPU } from '../device/shared-webgpu.js';
import { assertThrows } from './support.js';

const { info } = await sharedWebGPU();
const present = info.features.includes('shader-f16');

export function halfTest(name: string, run: () => Promise<void>): void {
  if (present) test(name, run);
  else test(`${name}: refused without float16`, refused);
}

function refused(): Promise<void> {
  return assertThrows(() => openDawn({ mixed: true }), 'device', /cannot compute with float16/);
}

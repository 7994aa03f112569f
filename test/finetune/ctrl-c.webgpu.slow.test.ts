/** Ctrl-C in the real program on a GPU, here most likely one that a processor plays: its steps are long. */
import { probeAdapters } from '#src/device/webgpu/node';
import { test } from 'uvu';
import { assertAnswersInLongStep } from './ctrl-c-suite.js';

test('the first Ctrl-C finishes the step, the second ends at once; resumed, the bytes are those of a whole run', async () => {
  const [{ adapter } = { adapter: '' }] = await probeAdapters();
  const words = ['--image-size', '96', '--device', 'webgpu', '--adapter', adapter];
  // In the first step of a resumed run Dawn reads some thirty shaders, on this thread and on a machine that is busy.
  await assertAnswersInLongStep(words, 300);
});
test.run();

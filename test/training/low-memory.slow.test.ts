/** `--memory low`: the same run, byte by byte, in less memory; interrupted and resumed as well. */
import { join } from 'node:path';
import { finetune, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameTensors, fullRun, interrupted, smallData } from '../finetune/full-support.js';

test('a run with low memory has the weights of any other, and takes less', async () => {
  const data = smallData();
  const profiled = { profile: true, batchNorm: 'train' } as const;
  const plain = await finetune(fullRun(data, profiled));
  const low = await finetune(fullRun(data, { ...profiled, memory: 'low' }));
  assert.is(low.resolved_defaults['memory'], 'low');
  assert.is(plain.resolved_defaults['memory'], 'normal');
  for (const name of ['best', 'last', 'state'])
    await assertSameTensors(join(low.run, `${name}.safetensors`), join(plain.run, `${name}.safetensors`));
  const [less, more] = [low.profile!.memory.peak_bytes, plain.profile!.memory.peak_bytes];
  console.log(`# ${less} bytes of a step, ${(less / more).toFixed(2)} of ${more}`);
  assert.ok(less < 0.85 * more);

  const stopped = await interrupted(3, fullRun(data, { batchNorm: 'train', memory: 'low' }));
  const resumed = await resume({ resume: stopped.run });
  assert.is(resumed.resolved_defaults['memory'], 'low');
  await assertSameTensors(join(resumed.run, 'last.safetensors'), join(plain.run, 'last.safetensors'));
});

test.run();

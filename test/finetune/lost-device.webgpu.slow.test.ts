/** A GPU that is lost in the middle of a run: one sentence, and a run that goes on from its last epoch. */
import { probeAdapters } from '#src/device/webgpu/node';
import type { WebGPUBackend } from '#src/device/webgpu/backend';
import { finetune, resume } from '#src/finetune/index';
import { Device } from '#src/program/device';
import { test } from 'uvu';
import { assertSameRuns, fullRun, smallData } from './full-support.js';
import { fails } from './support.js';

/** The device of the run at hand. */
let current: Device | undefined;
const { run } = Device.prototype;
Device.prototype.run = function (this: Device, body) {
  current = this;
  return run.call(this, body);
} as typeof run;
test.after(() => {
  Device.prototype.run = run;
});

test('lost in the second epoch, the run fails with one sentence and can be resumed: the same bytes', async () => {
  const [{ adapter } = { adapter: '' }] = await probeAdapters();
  const data = smallData();
  const options = () => fullRun(data, { device: 'webgpu', adapter });
  const whole = await finetune(options());

  const lost = options();
  const failing = finetune(lost, {
    onEvent(event) {
      if (event.type !== 'progress' || event.task !== 'epoch 2/2') return;
      (current!.backend as WebGPUBackend)['device'].destroy();
    },
  });
  await fails(failing, 'device', /^the GPU was lost: .* \(reason destroyed\): .*start again/);
  await assertSameRuns((await resume({ resume: lost.out! })).run, whole.run);
});

test.run();

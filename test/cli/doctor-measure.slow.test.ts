/** attune doctor --measure: what is compared, what is said, and that it ends in time. */
import { doctorCommand } from '#src/cli/commands/doctor';
import { judge, type MeasuredDevice, measurementTable, verdictText } from '#src/cli/commands/doctor-measure';
import { measureDevices } from '#src/cli/measure-devices';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { recordedOutput } from './support.js';

function measured(
  kind: 'cpu' | 'webgpu',
  adapter: string,
  [matmul_gflops, convolution_gflops, training_images_per_second]: readonly (number | null)[],
): MeasuredDevice {
  return { kind, adapter, measured: { matmul_gflops, convolution_gflops, training_images_per_second } };
}

const cpu = measured('cpu', 'CPU', [80, 70, 150]);

test('devices are compared by the most telling measurement that all have', () => {
  const gpu = measured('webgpu', 'GPU', [900, 800, 60]);
  assert.equal(judge([cpu, gpu], gpu), {
    auto: { kind: 'webgpu', adapter: 'GPU' },
    compared_by: 'training_images_per_second',
    fastest: { kind: 'cpu', adapter: 'CPU' },
    agrees: false,
  });
  const hasty = measured('webgpu', 'GPU', [900, 800, null]);
  const { compared_by, fastest, agrees } = judge([cpu, hasty], hasty);
  assert.equal([compared_by, fastest?.adapter, agrees], ['convolution_gflops', 'GPU', true]);
  const none = judge([cpu, measured('webgpu', 'GPU', [null, null, null])], cpu);
  assert.equal([none.compared_by, none.fastest, none.agrees], [null, null, null]);
  assert.is(judge([cpu], cpu).agrees, true);
});

test('the verdict says what auto takes, and how to take the faster one', () => {
  const gpu = measured('webgpu', 'GPU 3', [900, 800, 1060]);
  const says = (...words: Parameters<typeof judge>) => verdictText(judge(...words));
  assert.is(
    says([cpu, gpu], gpu),
    '--device auto takes GPU 3 (webgpu), which is the fastest in the training.',
  );
  assert.is(
    says([cpu, gpu], cpu),
    '--device auto takes CPU (cpu), but GPU 3 (webgpu) is faster in the training: --device webgpu --adapter "GPU 3" takes it.',
  );
  const slow = measured('webgpu', 'GPU 3', [1, null, null]);
  assert.match(says([cpu, slow], slow), /but CPU \(cpu\) is faster in the product: --device cpu takes it\.$/);
  assert.match(says([cpu, measured('webgpu', 'x', [null, null, null])], cpu), /cannot be compared/);
  assert.equal(measurementTable([cpu, slow]), [
    '                product  convolution  training',
    'CPU (cpu)          80.0         70.0       150',
    'GPU 3 (webgpu)     1.00      no time   no time',
  ]);
});

test('the document has its keys, and the time is kept', async () => {
  const { output, stdout, stderr } = recordedOutput();
  await doctorCommand({ wish: 'cpu', measureFor: 1000 }, true, output);
  const report = JSON.parse(stdout.text);
  assert.equal(Object.keys(report), ['ok', 'node', 'default_device', 'devices', 'measurement', 'advice']);
  assert.equal(Object.keys(report.measurement), ['auto', 'compared_by', 'fastest', 'agrees']);
  for (const { measured: speeds } of report.devices) {
    assert.equal(Object.keys(speeds), ['matmul_gflops', 'convolution_gflops', 'training_images_per_second']);
    for (const speed of Object.values(speeds)) assert.ok(speed === null || (speed as number) > 0);
  }
  assert.match(stderr.text, /\nMeasuring them, for 1 s at most\.\n$/);
});

test('devices that cannot be opened or are too slow have no speed, and hold nothing up', async () => {
  const started = performance.now();
  const absent = { kind: 'webgpu', adapter: 'nonesuch' } as const;
  const all = await measureDevices([absent, { kind: 'cpu', adapter: 'CPU' }], 600);
  const elapsed = performance.now() - started;
  assert.equal(Object.values(all[0]!), [null, null, null]);
  // The end of a process takes its time on a busy machine.
  assert.ok(elapsed < 600 + 2000, `${elapsed} ms`);
});

test.run();

/** attune's CPU device for one of OPERATIONS: inputs lie on the device, the result is read back. */
import * as ops from '../../../dist/ops/index.js';
import { open } from '../../../dist/engine/open.js';
import { OPERATIONS, operationInputs } from '../operations.mjs';

export async function openAttuneOperation({ operation: name, seed, threads }) {
  const device = await open('cpu', { threads });
  const operation = OPERATIONS[name];
  const inputs = operationInputs(operation, seed).map(({ shape, data }) =>
    device.createState(shape, 'float32', data),
  );
  return {
    name: 'attune cpu',
    adapter: device.info.adapter,
    setting: `${device.info.adapter} (${threads === 1 ? 'one thread' : `${threads} threads`}, ${device.info.features.join()})`,
    async run() {
      const result = await device.run(() => operation.attune(ops, ...inputs));
      return typeof result === 'number' ? [result] : result;
    },
  };
}

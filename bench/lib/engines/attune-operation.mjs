/** attune for one of OPERATIONS: inputs lie on the device, the result is read back. */
import * as ops from '../../../dist/ops/index.js';
import { open } from '../../../dist/engine/open.js';
import { OPERATIONS, operationInputs } from '../operations.mjs';
import { whereOf } from './attune.mjs';

export async function openAttuneOperation({ kind, adapter, operation: name, seed, threads }) {
  const device = await open(kind, kind === 'webgpu' ? { adapter } : { threads });
  const operation = OPERATIONS[name];
  const inputs = operationInputs(operation, seed).map(({ shape, data }) =>
    device.createState(shape, 'float32', data),
  );
  return {
    name: `attune ${kind}`,
    ...whereOf(device, threads),
    async run() {
      const result = await device.run(() => operation.attune(ops, ...inputs));
      return typeof result === 'number' ? [result] : result;
    },
  };
}

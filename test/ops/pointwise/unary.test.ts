/** The values of every operation on one tensor, in float64, against the formula of its line in unary-cases.ts. */
import { test } from 'uvu';
import { unaryOperations } from '#src/ops/pointwise/unary-tables';
import { tensor } from '#src/tensor/tensor';
import { assertClose, cpuDevice, Random } from '../support.js';
import { unaryCases } from './unary-cases.js';

const COUNT = 1000;

for (const operation of Object.values(unaryOperations)) {
  const { name } = operation.definition;
  const { formula, range = [-2, 2] } = unaryCases[name];
  test(`${name} agrees with its formula from ${range[0]} to ${range[1]}`, async () => {
    const device = await cpuDevice('float64');
    const x = new Random(11).values(COUNT, ...range);
    const y = await device.run(() => operation(tensor(x, [COUNT])));
    assertClose(y, x.map(formula), { absolute: 1e-13, relative: 1e-13 }, name);
  });
}

test.run();

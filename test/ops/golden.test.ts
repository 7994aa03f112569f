/** Every operation against PyTorch on the CPU: float64 to rounding, float32 within what its sums allow. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { operations } from '#src/ops/operations';
import { unaryOperations } from '#src/ops/pointwise/unary-tables';
import { goldenCases, testGolden } from './golden-suite.js';
import { cpuDevice } from './support.js';

test('operations carry their names', () => {
  for (const [name, operation] of Object.entries(operations)) assert.is(operation.name, name);
});

// A unary one has a formula instead (unary-cases.ts, unary.test.ts).
test('every operation that is not unary has a golden case, and a golden gradient where it has one', () => {
  for (const [name, operation] of Object.entries(operations)) {
    if (name in unaryOperations) continue;
    const cases = goldenCases.filter((golden) => golden.operation === name);
    assert.ok(cases.length > 0, `${name} has a case`);
    if (typeof operation.gradient === 'function') {
      assert.ok(
        cases.some((golden) => golden.gradients?.some((gradient) => gradient !== null)),
        `${name} has a gradient`,
      );
    }
  }
  assert.ok(goldenCases.every(({ operation }) => operation in operations));
});

testGolden('CPU float64', () => cpuDevice('float64'));
testGolden('CPU float32', () => cpuDevice('float32'));

test.run();

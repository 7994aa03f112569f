/** L-BFGS on functions whose minimum is known. */
import { AttuneError } from '#src/errors';
import { type Evaluation, minimize } from '#src/optim/lbfgs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

type Smooth = (point: Float64Array) => { value: number; gradient: number[] };

/** `f` as `minimize` takes it, with a count of its calls. */
function counted(f: Smooth): { calls: number; evaluate: (point: Float64Array) => Promise<Evaluation> } {
  const counter = {
    calls: 0,
    evaluate: async (point: Float64Array) => {
      counter.calls++;
      const { value, gradient } = f(point);
      return { value, gradient: Float64Array.from(gradient) };
    },
  };
  return counter;
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]!)));

const rosenbrock: Smooth = ([x, y]) => ({
  value: (1 - x!) ** 2 + 100 * (y! - x! ** 2) ** 2,
  gradient: [-2 * (1 - x!) - 400 * x! * (y! - x! ** 2), 200 * (y! - x! ** 2)],
});

const EXACT = { gradientTolerance: 1e-9, valueTolerance: 0 };

test("Rosenbrock's valley from its usual start", async () => {
  const f = counted(rosenbrock);
  const result = await minimize(f.evaluate, Float64Array.of(-1.2, 1), EXACT);
  console.log(`# Rosenbrock: ${result.iterations} iterations, ${f.calls} evaluations`);
  assert.ok(result.converged);
  assert.ok(distance(result.point, [1, 1]) < 1e-8);
  // SciPy's L-BFGS-B takes 36 iterations and 45 evaluations.
  assert.ok(result.iterations < 60 && f.calls < 90);
});

test('a quadratic whose curvatures span two powers of ten', async () => {
  const curvatures = Array.from({ length: 30 }, (_, i) => 10 ** ((2 * i) / 29));
  const target = curvatures.map((_, i) => Math.sin(i + 1));
  const f = counted((point) => ({
    value: curvatures.reduce((sum, c, i) => sum + (c / 2) * (point[i]! - target[i]!) ** 2, 0),
    gradient: curvatures.map((c, i) => c * (point[i]! - target[i]!)),
  }));
  const result = await minimize(f.evaluate, new Float64Array(30), { ...EXACT, maxIterations: 500 });
  console.log(`# quadratic: ${result.iterations} iterations, ${f.calls} evaluations`);
  assert.ok(result.converged);
  assert.ok(distance(result.point, target) < 1e-8);
  assert.ok(f.calls < 200);
});

test('every iteration lowers the value', async () => {
  const values: number[] = [];
  await minimize(counted(rosenbrock).evaluate, Float64Array.of(-3, 5), {
    ...EXACT,
    onIteration: (iteration, _, { value }) => {
      assert.is(iteration, values.length + 1);
      values.push(value);
    },
  });
  for (let i = 1; i < values.length; i++) assert.ok(values[i]! < values[i - 1]!, `iteration ${i + 1}`);
});

test('it ends at the limit and says so, and starts at the minimum without a step', async () => {
  const short = await minimize(counted(rosenbrock).evaluate, Float64Array.of(-1.2, 1), { maxIterations: 3 });
  assert.equal([short.iterations, short.converged], [3, false]);
  const done = counted(rosenbrock);
  const at = await minimize(done.evaluate, Float64Array.of(1, 1));
  assert.equal([at.iterations, at.converged, done.calls], [0, true, 1]);
});

test('the start is left as it was', async () => {
  const start = Float64Array.of(-1.2, 1);
  await minimize(counted(rosenbrock).evaluate, start);
  assert.equal([...start], [-1.2, 1]);
});

test('a value with the noise of float32 ends the search instead of prolonging it', async () => {
  const f = counted((point) => {
    const { value, gradient } = rosenbrock(point);
    return { value: Math.fround(value + 1) - 1, gradient: gradient.map(Math.fround) };
  });
  const result = await minimize(f.evaluate, Float64Array.of(-1.2, 1), { maxIterations: 300 });
  console.log(`# noisy Rosenbrock: ${result.iterations} iterations, ${f.calls} evaluations`);
  assert.ok(result.converged);
  assert.ok(rosenbrock(result.point).value < 1e-6);
  assert.ok(f.calls < 150);
});

test('a gradient that is no number is an error, not a minimum', async () => {
  const f = counted(() => ({ value: Number.NaN, gradient: [Number.NaN] }));
  const error = await minimize(f.evaluate, Float64Array.of(1)).catch((thrown: unknown) => thrown);
  assert.instance(error, AttuneError);
  assert.is((error as AttuneError).code, 'numeric');
});

test('a step into a region without values is shortened', async () => {
  // -log(1 - x) - 3 x has no value above 1; its minimum is at 2/3, close enough for a trial to go beyond.
  const f = counted(([x]) => ({ value: -Math.log(1 - x!) - x! * 3, gradient: [1 / (1 - x!) - 3] }));
  const { point, converged } = await minimize(f.evaluate, Float64Array.of(-1), EXACT);
  assert.ok(converged);
  assert.ok(distance(point, [2 / 3]) < 1e-8);
});

test('two runs take the same path', async () => {
  const points: string[] = [];
  for (let run = 0; run < 2; run++) {
    const path: string[] = [];
    await minimize(counted(rosenbrock).evaluate, Float64Array.of(-1.2, 1), {
      onIteration: (_, point) => void path.push(point.join()),
    });
    points.push(path.join(' '));
  }
  assert.is(points[0], points[1]);
});

test.run();

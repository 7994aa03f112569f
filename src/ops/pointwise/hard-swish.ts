/**
 * y = x min(max(x / 6 + 1 / 2, 0), 1), x times its hard sigmoid (Howard et al., "Searching for MobileNetV3", ICCV 2019,
 * section 5.2); dy/dx = 0 up to -3, x / 3 + 1 / 2 up to 3, 1 from there.
 */
import { unary } from './pointwise.js';

/** x times hardSigmoid(x), element by element, as torch.nn.functional.hardswish. float32, any shape. */
export const hardSwish = unary({
  name: 'hardSwish',
  forward: (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1),
  derivative: (x) => (x <= -3 ? 0 : x < 3 ? x / 3 + 0.5 : 1),
  from: 'input',
  half: true,
});

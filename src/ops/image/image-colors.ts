/**
 * Colours as torchvision computes them for uint8 tensors: in float32, each step rounded, the end cut off to a byte.
 * `Math.fround` makes these loops do the same on a device of any precision.
 */
const round = Math.fround;

const [RED, GREEN, BLUE] = [0.2989, 0.587, 0.114].map(round);

/** The grey of a pixel, a whole number (`rgb_to_grayscale`). */
export function greyOf(red: number, green: number, blue: number): number {
  return Math.trunc(round(round(round(RED * red) + round(GREEN * green)) + round(BLUE * blue)));
}

/** factor x + rest other, where rest = 1 - factor (`_blend`). */
export function blendBytes(x: number, other: number, factor: number, rest: number): number {
  return Math.trunc(Math.min(255, Math.max(0, round(round(factor * x) + round(rest * other)))));
}

/** Writes the three bytes of a pixel whose hue is turned by `shift` (`adjust_hue`), to `to[at]` and the two after it. */
export function turnHue(
  redByte: number,
  greenByte: number,
  blueByte: number,
  shift: number,
  to: number[],
  at: number,
): void {
  const [red, green, blue] = [round(redByte / 255), round(greenByte / 255), round(blueByte / 255)];
  const largest = red > green ? (red > blue ? red : blue) : green > blue ? green : blue;
  const least = red < green ? (red < blue ? red : blue) : green < blue ? green : blue;
  const range = round(largest - least);
  const divisor = range === 0 ? 1 : range;
  const saturation = round(range / (range === 0 ? 1 : largest));
  const fromRed = round(round(largest - red) / divisor);
  const fromGreen = round(round(largest - green) / divisor);
  const fromBlue = round(round(largest - blue) / divisor);
  let sector: number;
  if (largest === red) sector = round(fromBlue - fromGreen);
  else if (largest === green) sector = round(round(2 + fromRed) - fromBlue);
  else sector = round(round(4 + fromGreen) - fromRed);
  // A remainder of 1, as in PyTorch, but of numbers from 5/6 to 11/6.
  const around = round(round(sector / 6) + 1);
  const turned = round((around >= 1 ? around - 1 : around) + shift);
  const six = round(6 * round(turned - Math.floor(turned)));
  const whole = Math.floor(six);
  const fraction = round(six - whole);
  const top = Math.trunc(round(largest * 255));
  const low = part(largest, saturation);
  const falling = part(largest, round(saturation * fraction));
  const rising = part(largest, round(saturation * round(1 - fraction)));
  const sixth = whole === 6 ? 0 : whole;
  // Around the colour circle red falls in sector 1 and rises in sector 4; green and blue follow it by a third each.
  to[at] = sixth === 0 || sixth === 5 ? top : sixth === 1 ? falling : sixth === 4 ? rising : low;
  to[at + 1] = sixth === 1 || sixth === 2 ? top : sixth === 3 ? falling : sixth === 0 ? rising : low;
  to[at + 2] = sixth === 3 || sixth === 4 ? top : sixth === 5 ? falling : sixth === 2 ? rising : low;
}

/** value (1 - less) as a byte; both are from 0 to 1. */
function part(value: number, less: number): number {
  return Math.trunc(round(255 * round(value * round(1 - less))));
}

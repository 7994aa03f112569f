/** Text of a chart as paths of small square letters, for machines that have no font to draw it with. */
import { asXml } from './xml.js';
import { isSet, LETTER_HEIGHT, LETTER_WIDTH } from '../../inputs/image/letters.js';

/** Height of a letter by the size of the font. */
const CAP_HEIGHT = 0.66;

/** As much of the DOM as is used here: the compiler knows none. */
interface SvgElement {
  readonly outerHTML: string;
  readonly textContent: string;
  readonly parentElement: SvgElement | null;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  replaceWith(other: SvgElement): void;
}

interface SvgDocument {
  readonly documentElement: SvgElement;
  querySelectorAll(selector: string): Iterable<SvgElement>;
  createElementNS(namespace: string, name: string): SvgElement;
}

/** The same SVG without text in it. Where it stands follows from the attributes that charts use. */
export async function lettered(svg: string): Promise<string> {
  const { DOMParser } = await import('linkedom');
  const document = new DOMParser().parseFromString(svg, 'image/svg+xml') as unknown as SvgDocument;
  for (const text of [...document.querySelectorAll('text')]) {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', outline(text));
    for (const name of ['transform', 'fill']) {
      const value = text.getAttribute(name);
      if (value !== null) path.setAttribute(name, value);
    }
    text.replaceWith(path);
  }
  return asXml(document.documentElement.outerHTML);
}

/** The squares of all letters of a text. */
function outline(text: SvgElement): string {
  const size = Number.parseFloat(inherited(text, 'font-size') ?? '12');
  const dot = (size * CAP_HEIGHT) / LETTER_HEIGHT;
  const letters = [...text.textContent];
  const advance = (LETTER_WIDTH + 1) * dot;
  const width = letters.length * advance - dot;
  const anchor = inherited(text, 'text-anchor');
  const left = lengthOf(text, 'x', size) - (anchor === 'end' ? width : anchor === 'middle' ? width / 2 : 0);
  const top = lengthOf(text, 'y', size) + lengthOf(text, 'dy', size) - LETTER_HEIGHT * dot;
  const squares = letters.flatMap((letter, i) =>
    Array.from({ length: LETTER_WIDTH * LETTER_HEIGHT }, (_, at) => {
      const [x, y] = [at % LETTER_WIDTH, Math.floor(at / LETTER_WIDTH)];
      if (!isSet(letter, x, y)) return '';
      const [from, down] = [left + i * advance + x * dot, top + y * dot];
      return `M${rounded(from)},${rounded(down)}h${rounded(dot)}v${rounded(dot)}h${rounded(-dot)}z`;
    }),
  );
  return squares.join('');
}

function inherited(element: SvgElement | null, name: string): string | null {
  if (element === null) return null;
  return element.getAttribute(name) ?? inherited(element.parentElement, name);
}

/** A length in pixels or in the size of the font. */
function lengthOf(element: SvgElement, name: string, size: number): number {
  const text = element.getAttribute(name) ?? '0';
  return Number.parseFloat(text) * (text.endsWith('em') ? size : 1);
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}

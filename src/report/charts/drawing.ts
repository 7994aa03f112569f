/**
 * What charts are drawn with: Observable Plot, which writes SVG into a document that is no browser's (linkedom). Both
 * are loaded when a report is written, and not before.
 *
 * A chart is a pure function from data and a Drawing to the text of an SVG element. Colours come from a palette: the
 * page's are CSS variables, so that one chart is light and dark; a picture's are fixed.
 */
import { asXml } from './xml.js';
import { displayWidth, oneLine, shorten } from '../../text.js';

type Plot = typeof import('@observablehq/plot');
type PlotOptions = Parameters<Plot['plot']>[0];

/** Colours by what they stand for, as SVG takes them. */
export interface Palette {
  readonly ink: string;
  /** Axes and what is beside the point. */
  readonly muted: string;
  readonly grid: string;
  readonly surface: string;
  /** Training, validation and test; these and more of several series. */
  readonly series: readonly [string, string, string, string, string, string, string, string];
  /** What is right and what is wrong; they differ by lightness, too. */
  readonly right: string;
  readonly wrong: string;
  /** Text on a surface that is full of one of the two. */
  readonly onFull: string;
}

/** The page's own colours (report/page/style.ts). */
export const SCREEN: Palette = {
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  grid: 'var(--grid)',
  surface: 'var(--surface)',
  series: [
    'var(--series-1)',
    'var(--series-2)',
    'var(--series-3)',
    'var(--series-4)',
    'var(--series-5)',
    'var(--series-6)',
    'var(--series-7)',
    'var(--series-8)',
  ],
  right: 'var(--right)',
  wrong: 'var(--wrong)',
  onFull: 'var(--on-full)',
};

/** Those of pictures, on white: the first after Okabe and Ito's (2008), which the colour-blind tell apart. */
export const PAPER: Palette = {
  ink: '#1b1f24',
  muted: '#57606a',
  grid: '#d8dee4',
  surface: '#ffffff',
  series: ['#7a5195', '#0b62a8', '#b34700', '#19734a', '#b0206e', '#6b5d00', '#00707d', '#4d5560'],
  right: '#0b62a8',
  wrong: '#b34700',
  onFull: '#ffffff',
};

/** The library, and the colours to draw in. */
export interface Drawing {
  readonly marks: Plot;
  readonly palette: Palette;
  /** The SVG element of a chart. `title` is what it says to who does not see it. */
  render(title: string, options: PlotOptions): string;
}

/** Pixels of the page's column, and of half of it: charts are as wide. */
export const CHART_WIDTH = 860;
export const HALF_WIDTH = 424;
/** A chart may be shown smaller by this, and is then scrolled: one of half the width fits on a telephone. */
const SMALLEST_SCALE = { half: 0.68, whole: 0.8 } as const;
const FONT_SIZE = 12;
/** Mean width of a letter of labels by the size of the font. */
const LETTER = 0.58;

/** Loads the library. */
export async function openDrawing(palette: Palette): Promise<Drawing> {
  const [marks, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')]);
  return {
    marks,
    palette,
    render(title, options) {
      const { document } = parseHTML('<!doctype html><html><body></body></html>');
      const drawn = marks.plot({
        ...options,
        document: document as never,
      });
      const svg = drawn as unknown as SvgElement;
      // One picture with one title: what its parts are called is said by the table beside it.
      for (const part of svg.querySelectorAll('*')) {
        for (const name of ['aria-label', 'aria-description', 'aria-hidden', 'class'])
          part.removeAttribute(name);
      }
      for (const style of svg.querySelectorAll('style')) style.remove();
      const { width, height } = sizeOf(svg);
      for (const name of ['class', 'style', 'height']) svg.removeAttribute(name);
      svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
      svg.setAttribute('width', String(width));
      svg.setAttribute('height', String(height));
      svg.setAttribute(
        'style',
        `min-width: ${Math.floor((width < 1.1 * HALF_WIDTH ? SMALLEST_SCALE.half : SMALLEST_SCALE.whole) * width)}px`,
      );
      svg.setAttribute('font-size', String(FONT_SIZE));
      svg.setAttribute('color', palette.ink);
      svg.setAttribute('role', 'img');
      svg.setAttribute('aria-label', oneLine(title));
      return asXml(svg.outerHTML);
    },
  };
}

/** As much of the DOM as is used here: the compiler knows none. */
interface SvgElement {
  readonly outerHTML: string;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  remove(): void;
  querySelectorAll(selector: string): Iterable<SvgElement>;
}

function sizeOf(svg: SvgElement): { readonly width: number; readonly height: number } {
  return { width: Number(svg.getAttribute('width')), height: Number(svg.getAttribute('height')) };
}

/** A name as a label: on one line, and not longer than `columns`. */
export function labelOf(name: string, columns = 22): string {
  return shorten(oneLine(name), columns);
}

/** Labels of names, of which no two are the same. */
export function labelsOf(names: readonly string[], columns = 22): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let label = labelOf(name, columns);
    for (let number = 2; taken.has(label); number++) label = `${labelOf(name, columns - 4)} (${number})`;
    taken.add(label);
    return label;
  });
}

/** Pixels that the longest of some labels takes. */
export function widthOf(labels: readonly string[]): number {
  return labels.reduce((most, label) => Math.max(most, displayWidth(label)), 0) * LETTER * FONT_SIZE;
}

/** What a chart shows, at its top left; the chart needs a margin of 34 there. */
export function heading({ marks, palette }: Drawing, text: string) {
  return marks.text([text], {
    frameAnchor: 'top-left',
    dy: -24,
    fill: palette.ink,
    fontWeight: 600,
    fontSize: FONT_SIZE + 1,
  });
}

/** What a name in a legend takes beside its letters. */
export const LEGEND_SPACE = 34;

/** How a line is drawn. */
export interface Stroke {
  readonly strokeWidth: number;
  /** As SVG takes it; undefined: whole. */
  readonly strokeDasharray?: string | undefined;
}

/** A line for a mark that draws arrows. */
const LINE = {
  draw(context: { moveTo(x: number, y: number): void; lineTo(x: number, y: number): void }, length: number) {
    context.moveTo(0, 0);
    context.lineTo(0, -length);
  },
};

/**
 * Length of a line in a legend, its distances from its name and from the name before it, and that from the top of letters
 * to their middle.
 */
const SAMPLE = { length: 20, gap: 7, before: 15, middle: 5 } as const;

/**
 * Names of series in their colours, each behind a dot or behind a piece of its line, in a row above the chart, at its
 * right; the margin is that of `heading`. With a `rowHeight` under each other, the last one where the row would be.
 */
export function legend(
  { marks }: Drawing,
  series: readonly { readonly name: string; readonly color: string; readonly stroke?: Stroke }[],
  rowHeight = 0,
) {
  let right = 0;
  return series.toReversed().flatMap(({ name, color, stroke }, row) => {
    const place = {
      frameAnchor: 'top-right',
      dx: rowHeight > 0 ? 0 : -right,
      dy: -24 - row * rowHeight,
    } as const;
    const label = stroke === undefined ? `● ${name}` : name;
    const text = marks.text([label], { ...place, fill: color, fontWeight: 600 });
    const { length, gap, before, middle } = SAMPLE;
    const behind = place.dx - widthOf([name]) - gap;
    right += widthOf([name]) + (stroke === undefined ? LEGEND_SPACE : length + gap + before);
    if (stroke === undefined) return [text];
    const line = marks.vector([0], {
      ...place,
      dx: behind,
      dy: place.dy + middle,
      ...{ anchor: 'end', rotate: 90, length, shape: LINE, stroke: color },
      strokeWidth: stroke.strokeWidth,
      ...(stroke.strokeDasharray && { strokeDasharray: stroke.strokeDasharray }),
    });
    return [line, text];
  });
}

/** How pages look: on light and dark screens, wide and narrow, and on paper. */
import type { Palette } from '../charts/drawing.js';
import { PAPER } from '../charts/drawing.js';

/** What charts use, and the page with them. */
type Colours = Omit<Palette, 'series'> & {
  readonly background: string;
  readonly link: string;
  readonly series: Palette['series'];
};

const LIGHT: Colours = { ...PAPER, background: '#f6f7f9', link: '#0b5394' };

/** Lighter shades of the same hues: each has a contrast of 4.5 and more to its background. */
const DARK: Colours = {
  background: '#0d1117',
  surface: '#161b22',
  ink: '#e6edf3',
  muted: '#9da7b3',
  grid: '#2d343e',
  series: ['#d2a8ff', '#79b8ff', '#ffab70', '#7ee2a8', '#ff9ecb', '#e3d26f', '#6fdbe8', '#c3ccd6'],
  right: '#79b8ff',
  wrong: '#ffab70',
  onFull: '#0d1117',
  link: '#79b8ff',
};

function variables({
  background,
  surface,
  ink,
  muted,
  grid,
  series,
  right,
  wrong,
  onFull,
  link,
}: Colours): string {
  const values = {
    background,
    surface,
    ink,
    muted,
    grid,
    ...Object.fromEntries(series.map((colour, i) => [`series-${i + 1}`, colour])),
    right,
    wrong,
    'on-full': onFull,
    link,
  };
  return Object.entries(values)
    .map(([key, value]) => `--${key}: ${value};`)
    .join(' ');
}

/** The one style sheet. It has nothing from outside in it. */
export const STYLE = `
:root { color-scheme: light dark; ${variables(LIGHT)} }
@media (prefers-color-scheme: dark) { :root { ${variables(DARK)} } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 4rem; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--background); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; z-index: 2; padding: .5rem 1rem; background: var(--surface); }
.column { max-width: 62rem; margin: 0 auto; padding: 0 1.5rem; }
header.column { padding-top: 3rem; padding-bottom: 1.25rem; }
.eyebrow { margin: 0; color: var(--muted); font-size: .8125rem; font-weight: 600; letter-spacing: .06em; text-transform: uppercase; }
h1 { margin: .15rem 0 .6rem; font-size: clamp(1.6rem, 4vw, 2.25rem); line-height: 1.2; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { margin: 0 0 .75rem; font-size: 1.3rem; line-height: 1.3; letter-spacing: -.01em; }
h4 { margin: 1.1rem 0 .4rem; font-size: .9375rem; font-weight: 600; }
h3 { margin: 1.75rem 0 .5rem; font-size: 1rem; line-height: 1.35; }
.lead { margin: 0; max-width: 46rem; font-size: 1.125rem; }
p { margin: 0 0 .75rem; max-width: 46rem; }
.quiet { color: var(--muted); font-size: .875rem; }
nav { position: sticky; top: 0; z-index: 1; background: var(--background); border-bottom: 1px solid var(--grid); }
nav ul { display: flex; flex-wrap: wrap; gap: .1rem 1.15rem; padding-top: .55rem; padding-bottom: .55rem; list-style: none; font-size: .875rem; }
nav a { color: var(--muted); text-decoration: none; display: inline-block; padding: .15rem 0; }
nav a:hover { color: var(--ink); text-decoration: underline; }
main.column { padding-bottom: 1.5rem; }
section { margin-top: 1.25rem; padding: 1.5rem 1.75rem 1.6rem; background: var(--surface); border: 1px solid var(--grid); border-radius: 10px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(11.5rem, 1fr)); gap: 1.25rem 1.5rem; margin: 0 0 1.25rem; }
.tiles div { border-left: 3px solid var(--grid); padding-left: .9rem; }
.tiles .main { border-left-color: var(--right); }
.tiles dt { color: var(--muted); font-size: .8125rem; }
.tiles dd { margin: 0; font-size: 1.6rem; font-weight: 650; line-height: 1.25; letter-spacing: -.01em; font-variant-numeric: tabular-nums; }
.tiles dd small { display: block; color: var(--muted); font-size: .8125rem; font-weight: 400; letter-spacing: 0; }
.note { margin: .75rem 0; padding: .6rem .9rem; border-left: 3px solid var(--wrong); background: var(--background); max-width: none; }
.advice { margin: .5rem 0 0; padding: 0; list-style: none; max-width: 46rem; }
.advice li { padding: .6rem 0; border-top: 1px solid var(--grid); }
figure { margin: 0; }
.chart { margin: .5rem 0 1.25rem; }
.drawing { overflow-x: auto; }
.drawing svg { display: block; max-width: 100%; height: auto; font-family: inherit; }
figcaption { margin-top: .4rem; color: var(--muted); font-size: .875rem; max-width: 46rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 0 1.75rem; }
details { margin: .6rem 0 0; font-size: .9375rem; }
summary { cursor: pointer; color: var(--link); width: fit-content; font-size: .875rem; }
.scroll { overflow-x: auto; max-height: 34rem; overflow-y: auto; margin: .5rem 0 .25rem; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); padding-bottom: .35rem; }
caption span { position: sticky; left: 0; display: block; width: fit-content; max-width: min(46rem, calc(100vw - 4rem)); }
th, td { padding: .3rem 1.1rem .3rem 0; text-align: left; vertical-align: baseline; font-weight: 400; border-bottom: 1px solid var(--grid); }
tbody th { overflow-wrap: anywhere; min-width: min(11rem, 28vw); }
td.names { overflow-wrap: anywhere; min-width: 9rem; }
td.names div + div { margin-top: .15rem; }
thead th { color: var(--muted); font-weight: 600; white-space: nowrap; position: sticky; top: 0; background: var(--surface); }
.number { text-align: right; white-space: nowrap; }
.lines { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr)); gap: .25rem 1.5rem; margin: .5rem 0 1rem; padding: 0; list-style: none; font-size: .875rem; }
.lines li { display: flex; gap: .6rem; align-items: center; overflow-wrap: anywhere; }
.lines svg { flex: none; }
.images { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.25rem, 1fr)); gap: 1.1rem 1rem; margin: .75rem 0 .5rem; padding: 0; list-style: none; }
.images.maps { grid-template-columns: repeat(auto-fill, minmax(17.5rem, 1fr)); }
.images img { display: block; width: 100%; height: auto; border-radius: 5px; background: var(--grid); }
.images img.tiny { image-rendering: pixelated; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(25rem, 100%), 1fr)); gap: .25rem 2rem; margin: 0; padding: 0; list-style: none; }
.pairs .images { grid-template-columns: repeat(4, 1fr); gap: .75rem; }
.images .row { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 4px; max-width: 26rem; }
.images figcaption { margin-top: .35rem; font-size: .8125rem; line-height: 1.4; overflow-wrap: anywhere; color: var(--ink); }
.images .file { display: block; color: var(--muted); font-size: .75rem; }
.mark { font-weight: 650; }
.mark, .whole { white-space: nowrap; }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.mark.right { color: var(--right); }
.mark.wrong { color: var(--wrong); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 0 2.25rem; margin: .5rem 0 0; font-size: .9375rem; }
.facts div { display: grid; grid-template-columns: 11rem 1fr; gap: 1rem; padding: .3rem 0; border-bottom: 1px solid var(--grid); }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
pre { margin: .4rem 0 .9rem; padding: .75rem .9rem; background: var(--background); border: 1px solid var(--grid); border-radius: 6px; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere;
  font: .8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
footer.column { padding-bottom: 3rem; color: var(--muted); font-size: .8125rem; }
@media (max-width: 40rem) {
  .column { padding: 0 .9rem; }
  header.column { padding-top: 1.5rem; }
  section { padding: 1.1rem .95rem; border-radius: 8px; }
  nav { position: static; }
  .images { grid-template-columns: repeat(auto-fill, minmax(6.75rem, 1fr)); gap: .9rem .7rem; }
  .images.maps { grid-template-columns: 1fr; }
  .pairs .images { grid-template-columns: repeat(3, 1fr); }
  .facts { grid-template-columns: 1fr; }
  .facts div { grid-template-columns: 8rem 1fr; }
  .tiles { grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: 1rem; }
  .tiles dd { font-size: 1.35rem; }
  .lead { font-size: 1.0625rem; }
}
@page { margin: 14mm; }
@media print {
  :root { color-scheme: light; ${variables({ ...LIGHT, background: '#ffffff' })} }
  body { font-size: 10.5pt; }
  nav, .skip { display: none; }
  .column { max-width: none; padding: 0; }
  header.column { padding-top: 0; }
  section { border: 0; border-top: 1px solid var(--grid); border-radius: 0; padding: 1rem 0 0; }
  h2, h3, summary { break-after: avoid; }
  figure, .tiles, tr, .images li { break-inside: avoid; }
  .scroll { max-height: none; overflow: visible; }
  .pair { grid-template-columns: 1fr 1fr; }
  .drawing { overflow: visible; }
  .drawing svg { min-width: 0 !important; }
  table { font-size: 8.5pt; }
  th, td { padding-right: .7rem; }
  thead th { position: static; white-space: normal; }
  details::details-content { content-visibility: visible; display: block; block-size: auto; }
  summary { list-style: none; color: var(--muted); }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;

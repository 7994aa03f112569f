/** The whole page of a run. */
import type { Drawing } from '../charts/drawing.js';
import type { ReportData } from '../run/report-data.js';
import { reportOf } from '../tasks/index.js';
import { oneLine, shorten } from '../../text.js';
import { asIs, type Html, html } from '../html/html.js';
import { name, type Section, withKeptUnits } from '../html/elements.js';
import { curvesSection } from './sections/curves.js';
import { dataSection, recipeSection } from './sections/data.js';
import { foldsSection } from './sections/folds.js';
import { leadOf, summarySection } from './sections/summary.js';
import { STYLE } from './style.js';

/** One HTML file that needs nothing but itself, and no script. */
export function reportPage(data: ReportData, drawing: Drawing): string {
  const { main, test, folds } = data;
  const sections = [
    summarySection(data),
    foldsSection(data, drawing),
    curvesSection(data, drawing),
    ...(main === null ? [] : reportOf(main.kind).sections(main, drawing)),
    ...(test === null ? [] : reportOf(test.kind).testSections(test, drawing)),
    dataSection(data, drawing),
    recipeSection(data),
  ].filter((section) => section !== null);
  return pageOf({
    title: data.name,
    eyebrow: folds === null ? 'Report of a run' : 'Report of a cross-validation',
    lead: leadOf(data),
    sections,
  });
}

export interface PageContent {
  readonly title: string;
  readonly eyebrow: string;
  readonly lead: Html;
  readonly sections: readonly Section[];
}

/** What tells a page that attune has written from others. */
export const PAGE_MARK = '<meta name="generator" content="attune">';

/** What a page may load: nothing but what lies in it. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** The frame of a page: head, table of contents, sections. */
export function pageOf({ title, eyebrow, lead, sections }: PageContent): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
${asIs(PAGE_MARK)}
<title>${shorten(oneLine(title), 120)} – attune</title>
<style>${asIs(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header class="column"><p class="eyebrow">${eyebrow}</p>
<h1>${name(title, 120)}</h1>
<p class="lead">${lead}</p></header>
<nav aria-label="Sections"><ul class="column">${sections.map(({ id, title: of }) => html`<li><a href="#${id}">${of}</a></li>`)}</ul></nav>
<main class="column" id="main">
${sections.map(
  ({
    id,
    title: of,
    body,
  }) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${of}</h2>
${body}
</section>
`,
)}</main>
<footer class="column">Written by attune. Intervals are Wilson's (1927), of 95 %.</footer>
</body>
</html>
`;
  return withKeptUnits(page.text);
}

/** Images to look at: what went wrong, and what the network went by. */
import { countedSamples, type SampleWords } from '../../../inputs/index.js';
import { capitalized, percent } from '../../../text.js';
import { HEAT_MAP_TITLES } from '../../explain/methods.js';
import type { AnsweredImage, ClassifiedPart, ExplainedImage } from '../../run/report-data.js';
import { type Content, type Html, html } from '../../html/html.js';
import { fileName, image, name, type Section, whole } from '../../html/elements.js';

/** Letters of a class below a picture. */
const SHORT = 28;

export function worstSection({ worst, pairs, words }: ClassifiedPart): Section | null {
  if (worst.length === 0) return null;
  return {
    id: 'images',
    title: capitalized(words.many),
    body: html`<h3>Those of the largest loss</h3>
<p>The right class was found least likely of these. Where one is not what its label says, the label may be wrong.</p>
<ul class="images">${worst.map((one) => html`<li>${answered(one)}</li>`)}</ul>
${pairs.length === 0 ? null : html`<h3>Classes that are confused most</h3><ul class="pairs">${pairs.map((pair) => pairOf(pair, words))}</ul>`}`,
  };
}

function pairOf(
  { label, predicted, count, support, examples }: ClassifiedPart['pairs'][number],
  words: SampleWords,
): Html {
  return html`<li><h4>${name(label, SHORT)} taken for ${name(predicted, SHORT)}: ${count} of ${countedSamples(support, words)}</h4>
<ul class="images">${examples.map((one) => html`<li>${answered(one)}</li>`)}</ul></li>
`;
}

/** A picture with what was said of it. */
function answered(one: AnsweredImage): Html {
  const { picture, name: file, label, predicted, probability } = one;
  const alt = `${file}: ${label}, predicted ${predicted}`;
  return html`<figure>${picture === null ? null : image(picture, alt)}<figcaption>${verdict(one)}<br>${name(predicted, SHORT)} ${whole(percent(probability))}${
    label === predicted ? null : html`<br>right: ${name(label, SHORT)}`
  }<span class="file">${fileName(file, 40)}</span></figcaption></figure>`;
}

function verdict({ label, predicted }: AnsweredImage): Html {
  return label === predicted
    ? html`<span class="mark right">✓ right</span>`
    : html`<span class="mark wrong">✗ wrong</span>`;
}

/** Null where there are none. */
export function heatMapSection({ explainedBy, hits, misses }: ClassifiedPart): Section | null {
  if (hits.length + misses.length === 0) return null;
  return {
    id: 'heat-maps',
    title: 'Heat maps',
    body: html`<p>Where in an image the network sees the class that it answers with, by ${HEAT_MAP_TITLES[explainedBy]}: red speaks most for the class, blue little, and what has no colour not at all. A map that lies beside the object says that the network goes by something else, as its background.</p>
${mapsOf('Misses, the surest first', misses, 'The image, what spoke for the wrong answer, and what spoke for the right class.')}
${mapsOf('Hits, the surest of each class', hits, 'The image, and what spoke for its class.')}`,
  };
}

function mapsOf(title: string, images: readonly ExplainedImage[], caption: Content): Html | null {
  if (images.length === 0) return null;
  return html`<h3>${title}</h3><p class="quiet">${caption}</p>
<ul class="images maps">${images.map((one) => html`<li>${explained(one)}</li>`)}</ul>`;
}

function explained(one: ExplainedImage): Html {
  const { picture, maps, name: file, label, predicted, probability } = one;
  return html`<figure><div class="row">${picture === null ? null : image(picture, file)}${maps.map(
    ({ class: of, picture: map }) => image(map, `what speaks for ${of} in ${file}`),
  )}</div><figcaption>${verdict(one)} ${name(predicted, SHORT)} ${whole(percent(probability))}${
    label === predicted ? null : html`; right: ${name(label, SHORT)}`
  }<span class="file">${fileName(file, 50)}</span></figcaption></figure>`;
}

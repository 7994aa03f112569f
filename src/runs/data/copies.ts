/** Files that are in a data set more than once, byte by byte, and what that means for a run: told from hashes alone. */
import type { LabelledImage, PreparedImage } from '../../inputs/index.js';
import { count, counted } from '../../text.js';

type HashedImage = PreparedImage<LabelledImage>;

/** Copies that are named one by one. */
const MOST_COPIES = 3;

/** A sentence for each part in which files of training are again, byte by byte: by those no network is measured. */
export function copiesOf(
  train: readonly HashedImage[],
  { val, test }: Readonly<Record<'val' | 'test', { readonly images: readonly HashedImage[] }>>,
): string[] {
  const trained = new Set(train.map(({ fileHash }) => fileHash));
  return Object.entries({ validation: val.images, test: test.images }).flatMap(([part, images]) => {
    const copies = images.filter(({ fileHash }) => trained.has(fileHash));
    if (copies.length === 0) return [];
    const named = copies.slice(0, MOST_COPIES).map(({ name }) => name);
    const more = copies.length - named.length;
    return `Note: ${count(copies.length)} of ${counted(images.length, `${part} file`)} ${copies.length === 1 ? 'is a copy' : 'are copies'} of training files, byte by byte (${named.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}): what is measured by them is too good.`;
  });
}

/** A sentence where one picture lies in several classes: whatever the network says of it, it is wrong. */
export function ofTwoClasses(images: readonly HashedImage[], classes: readonly string[]): string[] {
  const files = new Map<string, Map<number, HashedImage>>();
  for (const image of images) {
    const labels = files.get(image.fileHash) ?? new Map<number, HashedImage>();
    if (!labels.has(image.label)) labels.set(image.label, image);
    files.set(image.fileHash, labels);
  }
  const doubtful = [...files.values()].filter(({ size }) => size > 1);
  if (doubtful.length === 0) return [];
  const named = doubtful
    .slice(0, MOST_COPIES)
    .map((labels) => Array.from(labels, ([label, { name }]) => `${name} as ${classes[label]}`).join(', '));
  const more = doubtful.length - named.length;
  return [
    `Note: ${counted(doubtful.length, 'picture lies', 'pictures lie')} in more than one class, byte by byte (${named.join('; ')}${more > 0 ? `; and ${count(more)} more` : ''}): decide which class is right, and remove the other copies.`,
  ];
}

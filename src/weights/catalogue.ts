/**
 * The catalogue of downloadable weights: `weights/catalogue.json`, read once, validated, typed.
 *
 * No hash in it is made up: where the full SHA-256 of a file is known it is checked, else the
 * eight digits that torchvision puts into the file name, as torch.hub does; of Keras's MobileNetV2 nobody
 * publishes one. `hash.check` says which.
 */

import { readFileSync } from 'node:fs';
import * as v from 'valibot';

const directory = new URL('../../weights/', import.meta.url);

const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const positiveInteger = v.pipe(v.number(), v.integer(), v.minValue(1));
const rgb = v.tuple([v.number(), v.number(), v.number()]);
const httpsUrl = v.pipe(v.string(), v.url(), v.startsWith('https://'));
const plainName = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]*$/));

const hashSchema = v.variant('check', [
  v.strictObject({
    check: v.literal('sha256'),
    hex: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  }),
  v.strictObject({
    check: v.literal('sha256-prefix'),
    hex: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/)),
  }),
  v.strictObject({ check: v.literal('none') }),
]);

const entrySchema = v.pipe(
  v.strictObject({
    name: plainName,
    aliases: v.array(plainName),
    model: plainName,
    version: v.string(),
    file: v.pipe(v.string(), v.regex(/^[a-z0-9_.-]+\.(?:pth|h5)$/)),
    url: httpsUrl,
    hash: hashSchema,
    approximateBytes: v.optional(positiveInteger),
    parameters: positiveInteger,
    accuracy: v.strictObject({
      dataset: v.string(),
      top1: fraction,
      top5: fraction,
      source: httpsUrl,
    }),
    preprocessing: v.strictObject({
      resize: positiveInteger,
      crop: positiveInteger,
      interpolation: v.picklist(['bilinear', 'bicubic']),
      mean: rgb,
      std: rgb,
    }),
    terms: v.string(),
  }),
  v.check(
    ({ file, hash }) => hash.check === 'none' || file.endsWith(`-${hash.hex.slice(0, 8)}.pth`),
    "the hash does not begin with the digits in the file's name",
  ),
  v.check(({ file, url }) => url.endsWith(`/${file}`), 'the URL does not end with the file name'),
);

const termsSchema = v.strictObject({
  /** SPDX identifier of the licence of the software that the weights come from. */
  licence: v.string(),
  /** One line on what the licence does not say. */
  note: v.string(),
  /** A file beside the catalogue with the whole text. */
  text: v.pipe(v.string(), v.regex(/^[a-z0-9-]+\.txt$/)),
});

const catalogueSchema = v.strictObject({
  $comment: v.string(),
  terms: v.record(v.string(), termsSchema),
  weights: v.array(entrySchema),
});

/** A downloadable file of weights. */
export interface CatalogueEntry {
  /** The full name, e.g. `resnet50-v1`. */
  readonly name: string;
  /** Other names of the same file; the model's own name marks its default weights. */
  readonly aliases: readonly string[];
  /** The model that the file fits, by its name in attune. */
  readonly model: string;
  /** The publisher's name of the weights. */
  readonly version: string;
  readonly file: string;
  readonly url: string;
  readonly hash: ExpectedHash;
  /** For a progress bar before the server answers; exact to about a kilobyte. Absent: unknown. */
  readonly approximateBytes?: number | undefined;
  readonly parameters: number;
  /** Published, not measured here; fractions. */
  readonly accuracy: {
    readonly dataset: string;
    readonly top1: number;
    readonly top5: number;
    readonly source: string;
  };
  /** Short side to `resize`, centre `crop`, both in pixels; then (x / 255 - mean) / std. */
  readonly preprocessing: {
    readonly resize: number;
    readonly crop: number;
    readonly interpolation: 'bilinear' | 'bicubic';
    readonly mean: readonly [number, number, number];
    readonly std: readonly [number, number, number];
  };
  /** Key of the licence terms in the catalogue. */
  readonly terms: string;
}

/**
 * How a file is checked: its whole SHA-256, or only its first eight digits, in lower-case hex; not at all where nobody
 * publishes a hash of it.
 */
export type ExpectedHash =
  | { readonly check: 'sha256' | 'sha256-prefix'; readonly hex: string }
  | { readonly check: 'none' };

/** What to show before a download. */
export interface LicenceTerms {
  readonly licence: string;
  readonly note: string;
  /** The whole text, several paragraphs. */
  readonly text: string;
}

let loaded: v.InferOutput<typeof catalogueSchema> | undefined;

function load(): v.InferOutput<typeof catalogueSchema> {
  loaded ??= parseCatalogue(readFileSync(new URL('catalogue.json', directory), 'utf8'));
  return loaded;
}

/**
 * Parses and validates a catalogue. Exported for its test.
 *
 * Throws ValiError or SyntaxError: the file is part of this package, so a fault in it is ours and
 * never the user's.
 */
export function parseCatalogue(json: string): v.InferOutput<typeof catalogueSchema> {
  const parsed = v.parse(catalogueSchema, JSON.parse(json));
  const names = parsed.weights.flatMap((entry) => [entry.name, entry.file, ...entry.aliases]);
  if (new Set(names).size !== names.length) throw new SyntaxError('a name stands for two entries');
  for (const { terms } of parsed.weights) {
    if (!Object.hasOwn(parsed.terms, terms)) throw new SyntaxError(`no terms named ${terms}`);
  }
  return parsed;
}

/** All downloadable weights, in the order of the listing. */
export function catalogue(): readonly CatalogueEntry[] {
  return load().weights;
}

/** Finds an entry by its name (`resnet50-v2`), an alias (`resnet50`) or its file name. */
export function findWeights(nameOrFileName: string): CatalogueEntry | undefined {
  return catalogue().find(
    ({ name, file, aliases }) =>
      name === nameOrFileName || file === nameOrFileName || aliases.includes(nameOrFileName),
  );
}

/** Finds the entry whose file has this SHA-256 (64 lower-case hex digits), as far as is known. */
export function findWeightsByHash(sha256: string): CatalogueEntry | undefined {
  return catalogue().find(({ hash }) => hash.check !== 'none' && sha256.startsWith(hash.hex));
}

/** The licence terms of an entry, with their full text. */
export function licenceTerms(entry: CatalogueEntry): LicenceTerms {
  const { licence, note, text } = load().terms[entry.terms];
  return { licence, note, text: readFileSync(new URL(text, directory), 'utf8') };
}

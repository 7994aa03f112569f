/** How the files of one kind of sample are told, and what people call them. */
import { counted } from '../text.js';

/** What people call samples. */
export interface SampleWords {
  /** `image`, `an image`, `images`. */
  readonly one: string;
  readonly withArticle: string;
  readonly many: string;
}

/** `40 images`, or `40 validation images` where it is said which. */
export function countedSamples(count: number, { one, many }: SampleWords, which = ''): string {
  const before = which === '' ? '' : `${which} `;
  return counted(count, `${before}${one}`, `${before}${many}`);
}

export interface SampleFiles extends SampleWords {
  /** How their names end, in lower case. What a file holds is looked at when it is read. */
  readonly extensions: ReadonlySet<string>;
  /** What they are: `JPEG, PNG, ... files`. */
  readonly formats: string;
  /** What is said of files that end otherwise, where people have such files for samples; undefined: nothing special. */
  otherwise?(extension: string): string | undefined;
}

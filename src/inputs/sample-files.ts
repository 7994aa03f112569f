/** How the files of one kind of sample are told, and what people call them. */

export interface SampleFiles {
  /** `image`, `an image`, `images`. */
  readonly one: string;
  readonly withArticle: string;
  readonly many: string;
  /** How their names end, in lower case. What a file holds is looked at when it is read. */
  readonly extensions: ReadonlySet<string>;
  /** What they are: `JPEG, PNG, ... files`. */
  readonly formats: string;
  /** What is said of files that end otherwise, where people have such files for samples; undefined: nothing special. */
  otherwise?(extension: string): string | undefined;
}

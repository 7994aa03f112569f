/** `hf:owner/name@revision`: how a repository of the Hugging Face hub is named behind `--weights`. */

import { AttuneError } from '../errors.js';

const PREFIX = 'hf:';

/** The branch that is meant when none is named. */
const DEFAULT_REVISION = 'main';

/** What stands between slashes: nothing empty, nothing that begins with a dot, so that no path made of them climbs. */
const SEGMENT = /^[\w-][\w.-]*$/;

/** A repository of models at one state. */
export interface HubName {
  /** `owner/name`, or a name alone for the oldest repositories. */
  readonly repository: string;
  /** A branch, a tag, or the 40 digits of a commit. */
  readonly revision: string;
}

/** Whether a text names a repository of the hub, well or badly. */
export function isHubName(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** Parses a name. Throws AttuneError 'usage' when it is none. */
export function parseHubName(text: string): HubName {
  const [repository, revision = DEFAULT_REVISION, excess] = text.slice(PREFIX.length).split('@');
  const owned = repository.split('/');
  const valid =
    owned.length <= 2 && [...owned, ...revision.split('/')].every((segment) => SEGMENT.test(segment));
  if (valid && excess === undefined) return { repository, revision };
  throw new AttuneError({
    code: 'usage',
    what: 'this is no name of a repository of the Hugging Face hub',
    where: text,
    hint: 'write hf:owner/name, or hf:owner/name@revision, for example hf:timm/resnet50.a1_in1k',
  });
}

/** The name at exactly this commit: what a run notes, so that it can be repeated. */
export function pinnedName({ repository }: HubName, commit: string): string {
  return `${PREFIX}${repository}@${commit}`;
}

/** Whether a revision is a commit, which never changes. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** The image library, for tests that make images. Its ES modules need Node 20.10; this is its CommonJS build. */
import { createRequire } from 'node:module';

export const sharp: typeof import('sharp').default = createRequire(import.meta.url)('sharp');

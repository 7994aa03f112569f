/** What the demo is shipped with: weights/demo/README.md says how it was made. */
import { fileURLToPath } from 'node:url';

const folder = new URL('../../../weights/demo/', import.meta.url);

/** The small ResNet, pretrained on the seven classes of clothing that the demo does not use. */
export const WEIGHTS = fileURLToPath(new URL('garments.safetensors', folder));

/** train/ with ten and test/ with a hundred images of each of three other classes. */
export const IMAGES = fileURLToPath(new URL('images', folder));

/**
 * SwiftShader, a Vulkan driver that computes on the processor, and the Vulkan loader that finds it: what the WGSL tests
 * run on where a Linux machine has no driver of its own.
 */
import { delimiter, join } from 'node:path';
import { filesOfTar, fromChromiumPackage } from './chromium-package.mjs';

/** The driver's description, which names the library beside it. */
const DESCRIPTION = 'vk_swiftshader_icd.json';
const FILES = ['libvulkan.so.1', 'libvk_swiftshader.so', DESCRIPTION];

/**
 * @param root the repository
 * @param environment of the process that shall use the driver
 * @returns that environment with the driver in it, or undefined where there is none for this machine
 */
export function withSoftwareGpu(root, environment) {
  const folder = fromChromiumPackage(root, 'swiftshader', (unpack) =>
    filesOfTar(unpack('swiftshader.tar')).filter(([path]) => FILES.includes(path)),
  );
  if (folder === undefined) return undefined;
  const libraries = [folder, environment.LD_LIBRARY_PATH].filter(Boolean).join(delimiter);
  return { ...environment, LD_LIBRARY_PATH: libraries, VK_DRIVER_FILES: join(folder, DESCRIPTION) };
}

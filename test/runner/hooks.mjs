/** Module hook: in a test process, `import ... from 'uvu'` means the watched one beside this file. */

const watched = new URL('./uvu.mjs', import.meta.url).href;

export function resolve(specifier, context, next) {
  if (specifier === 'uvu' && context.parentURL !== watched) return { url: watched, shortCircuit: true };
  return next(specifier, context);
}

/** Finds arguments that are spread from a list: `f(...items)`. What takes one of 125,000 items ends in a RangeError. */

/** A call with a spread argument. */
export interface Spread {
  /** What is called, as it is written: `Math.max`, `list.push`. */
  readonly callee: string;
  readonly line: number;
}

/** The calls of a source file of which an argument is spread; declarations with rest parameters are none. */
export function spreadsOf(source: string): Spread[] {
  const text = withoutTexts(source);
  const open: { readonly at: number; readonly bracket: string; spread: boolean }[] = [];
  const spreads: Spread[] = [];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if ('([{'.includes(letter)) open.push({ at, bracket: letter, spread: false });
    else if (text.startsWith('...', at)) {
      const around = open.at(-1);
      if (around?.bracket === '(') around.spread = true;
      at += 2;
    } else if (')]}'.includes(letter)) {
      const closed = open.pop();
      if (closed === undefined || !closed.spread) continue;
      const callee = /([\w$.?#!]+|[)\]])\s*(?:<[^<>()]*>)?$/.exec(text.slice(0, closed.at))?.[1];
      const isDeclared = /^\s*(?:=>|\{|:[^:])/.test(text.slice(at + 1)) || callee === 'function';
      if (callee === undefined || isDeclared) continue;
      spreads.push({ callee, line: text.slice(0, closed.at).split('\n').length });
    }
  }
  return spreads;
}

/** The source with blanks in place of comments, texts and regular expressions; what stands in `${}` stays, with its braces. */
function withoutTexts(source: string): string {
  const blank = (text: string) => text.replace(/[^\n]/g, ' ');
  const token =
    /\/\/.*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|(?<=[(,=:[!&|?{};\n]\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g;
  return source
    .replace(token, blank)
    .replace(/`(?:\\[\s\S]|[^`\\])*`/g, (template) =>
      template.replace(/\$\{[^{}]*\}|[^\n]/g, (part) => (part.length > 1 ? `;${part.slice(1)}` : ' ')),
    );
}

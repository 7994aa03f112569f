/** What XML asks for beyond HTML: charts are shown in pages by the rules of the one, and drawn into files by those of the other. */

const NO_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** An ampersand that begins none of the references that XML knows. */
const BARE = /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);)/gi;

/**
 * An element as HTML is written, so that it is XML, too: in attributes `<` is escaped, as `&` is wherever it stands alone,
 * and what XML has no place for is replaced.
 */
export function asXml(html: string): string {
  return html
    .replace(/="[^"]*"/g, (attribute) => attribute.replaceAll('<', '&lt;'))
    .replace(/&nbsp;/g, '\u00a0')
    .replace(BARE, '&amp;')
    .replace(NO_XML, '\ufffd');
}

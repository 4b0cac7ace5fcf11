/** JSON as a NATS server prints it: `<`, `>`, `&` and the two line separators are escaped as well. */

const SPECIAL = /[\u0000-\u001f"\\<>&\u2028\u2029\ud800-\udfff]/;
const EACH_SPECIAL = /[\u0000-\u001f"\\<>&\u2028\u2029]|[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g;

const NAMED: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

export function printString(text: string): string {
  return SPECIAL.test(text) ? `"${text.replace(EACH_SPECIAL, escaped)}"` : `"${text}"`;
}

function escaped(character: string): string {
  if (character.length === 2) return character;
  const code = character.charCodeAt(0);
  // Half of a pair stands for nothing.
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  return NAMED[character] ?? `\\u${code.toString(16).padStart(4, '0')}`;
}

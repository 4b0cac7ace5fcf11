/** The fields of a message header, as traces show them. */

/** By name, as it was written; names and values hold one character for each byte. */
export type HeaderFields = ReadonlyMap<string, readonly string[]>;

const STATUS_LINE = 'NATS/1.0\r\n';

/**
 * A name goes up to the next colon, whatever stands before it, and a value up to the next line end. Values lose the blanks
 * around them; fields without a name or a value do not count. What follows the last line end is not read.
 */
export function readHeaderFields(header: Uint8Array): HeaderFields {
  const fields = new Map<string, string[]>();
  const text = Buffer.from(header).toString('latin1');
  if (!text.startsWith(STATUS_LINE)) return fields;
  for (let at = STATUS_LINE.length; at < text.length; ) {
    const colon = text.indexOf(':', at);
    const lineEnd = colon < 0 ? -1 : text.indexOf('\r\n', colon);
    if (lineEnd < 0) break;
    const name = text.slice(at, colon);
    const value = text.slice(colon + 1, lineEnd).replace(/^[ \t]+|[ \t]+$/g, '');
    at = lineEnd + 2;
    if (name === '' || value === '') continue;
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return fields;
}

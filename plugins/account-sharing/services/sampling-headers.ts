/** The header fields with which distributed tracing marks a request that is to be measured. */

/** By their names in the usual spelling, those of one kind of tracing only. */
export type SampledFields = Readonly<Record<string, readonly string[]>>;

type Fields = ReadonlyMap<string, readonly string[]>;

const JAEGER_FIELDS = 4;
const B3_NAMES = ['X-B3-Parentspanid', 'X-B3-Sampled', 'X-B3-Spanid', 'X-B3-Traceid'];

/** Null when the request is not marked, or marked as one that is not to be measured. */
export function samplingFields(header: Uint8Array): SampledFields | null {
  const fields = readFields(header);
  return jaegerFields(fields) ?? zipkinFields(fields) ?? b3Field(fields) ?? traceContext(fields);
}

/** `Uber-Trace-Id: trace:span:parent:flags`, and the baggage that goes with it. */
function jaegerFields(fields: Fields): SampledFields | null {
  const parts = firstValue(fields, 'Uber-Trace-Id').split(':');
  if (parts.length !== JAEGER_FIELDS || !isOddHex(parts[3] as string)) return null;
  return pick(fields, ['Uber-Trace-Id', ...[...fields.keys()].filter((name) => name.startsWith('Uberctx-'))]);
}

/** `X-B3-Sampled: 1`, or a trace of which nothing else is said. */
function zipkinFields(fields: Fields): SampledFields | null {
  const sampled = firstValue(fields, 'X-B3-Sampled');
  const isMarked = sampled === '1' || (fields.has('X-B3-Traceid') && sampled !== '0');
  return isMarked ? pick(fields, B3_NAMES) : null;
}

/** `B3: trace-span-sampled-parent`, or only its third part. */
function b3Field(fields: Fields): SampledFields | null {
  const value = firstValue(fields, 'B3');
  if (value === '' || value === '0') return null;
  return value.split('-')[2] === '0' ? null : pick(fields, ['B3']);
}

/** `Traceparent: version-trace-parent-flags` */
function traceContext(fields: Fields): SampledFields | null {
  const flags = firstValue(fields, 'Traceparent').split('-')[3] ?? '';
  return flags.length === 2 && isOddHex(flags) ? pick(fields, ['Traceparent', 'Tracestate']) : null;
}

function isOddHex(text: string): boolean {
  return /^[0-9a-f]+$/i.test(text) && Number.parseInt(text.slice(-1), 16) % 2 === 1;
}

function firstValue(fields: Fields, name: string): string {
  return fields.get(name)?.[0] ?? '';
}

function pick(fields: Fields, names: readonly string[]): SampledFields {
  const found = [...names].sort().map((name) => [name, fields.get(name) ?? []] as const);
  return Object.fromEntries(found.filter(([, values]) => values.length > 0));
}

/** Names are put into the usual spelling, in which only the first letter of each word is large. */
function readFields(header: Uint8Array): Fields {
  const fields = new Map<string, string[]>();
  for (const line of Buffer.from(header).toString('latin1').split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line
      .slice(0, colon)
      .toLowerCase()
      .replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
    fields.set(name, [...(fields.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return fields;
}

/** The body of a request: JSON of a known shape. Keys are taken in any case; what does not fit is told as a NATS server tells it. */

export type FieldType =
  | 'string'
  | 'server.SortOpt'
  | 'bool'
  | 'int'
  | 'uint64'
  | '[]string'
  | 'server.ConnState'
  | 'time.Duration';
export type Fields = Readonly<Record<string, FieldType>>;
export type Options = Readonly<Record<string, unknown>>;

/** Taken by every service. */
export const FILTERS: Fields = {
  server_name: 'string',
  cluster: 'string',
  host: 'string',
  exact_match: 'bool',
  tags: '[]string',
  domain: 'string',
};

export type Decoded = { readonly options: Options } | { readonly failure: string };

/** `typeName` is what failures call the whole. */
export function decode(text: string, typeName: string, fields: Fields): Decoded {
  if (text === '') return { options: {} };
  const parsed = parse(text);
  if ('failure' in parsed) return parsed;
  const { value } = parsed;
  if (value === null) return { options: {} };
  if (typeof value !== 'object' || Array.isArray(value)) {
    return { failure: `json: cannot unmarshal ${wordFor(value)} into Go value of type server.${typeName}` };
  }
  return take(value as Record<string, unknown>, { typeName, fields, numbers: numbersIn(text) });
}

interface Shape {
  readonly typeName: string;
  readonly fields: Fields;
  /** How the numbers were written, by the keys in front of them. */
  readonly numbers: ReadonlyMap<string, string>;
}

const KEY_AND_NUMBER = /"((?:[^"\\]|\\.)*)"\s*:\s*(-?\d[\d.eE+-]*)?/g;

function numbersIn(text: string): Map<string, string> {
  const numbers = new Map<string, string>();
  for (const [, key = '', number] of text.matchAll(KEY_AND_NUMBER)) if (number !== undefined) numbers.set(key, number);
  return numbers;
}

function take(given: Record<string, unknown>, { typeName, fields, numbers }: Shape): Decoded {
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    const name = key.toLowerCase();
    const type = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (type === undefined || value === null) continue;
    const written = numbers.get(key) ?? String(value);
    if (!fits(type, value, written)) return { failure: misfit({ typeName, key, type }, value, written) };
    options[name] = value;
  }
  return { options };
}

function parse(text: string): { readonly value: unknown } | { readonly failure: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const { message } = error as Error;
    const [, found] = /token '?(.)'? ?/s.exec(message) ?? [];
    const at = Number(/at position (\d+)/.exec(message)?.[1] ?? -1);
    if (at >= 0 && at < text.length) return { failure: syntaxFailure(text, at) };
    const only = found === undefined ? -1 : text.indexOf(found);
    return { failure: only === -1 ? 'unexpected end of JSON input' : syntaxFailure(text, only) };
  }
}

function syntaxFailure(text: string, at: number): string {
  const before = text.slice(0, at).trimEnd();
  const character = `invalid character '${text[at]}'`;
  if (/\{$|[\w"\]}]\s*,$/.test(before) && isInObject(before))
    return `${character} looking for beginning of object key string`;
  return before === '' || /[:,[]$/.test(before)
    ? `${character} looking for beginning of value`
    : `${character} after top-level value`;
}

/** Bodies are flat: what is open last is told by the last bracket outside of lists. */
function isInObject(before: string): boolean {
  return before.lastIndexOf('{') > before.lastIndexOf('[') || before.lastIndexOf(']') > before.lastIndexOf('[');
}

const TEXTS: readonly FieldType[] = ['string', 'server.SortOpt'];

function fits(type: FieldType, value: unknown, written: string): boolean {
  if (TEXTS.includes(type)) return typeof value === 'string';
  if (type === 'bool') return typeof value === 'boolean';
  if (type === '[]string') return Array.isArray(value) && value.every((item) => typeof item === 'string');
  const isWhole = typeof value === 'number' && /^-?\d+$/.test(written);
  return isWhole && isInRange(BigInt(written), type);
}

function isInRange(value: bigint, type: FieldType): boolean {
  return type === 'uint64' ? value >= 0n && value < 2n ** 64n : value >= -(2n ** 63n) && value < 2n ** 63n;
}

interface Misfitted {
  readonly typeName: string;
  readonly key: string;
  readonly type: FieldType;
}

function misfit({ typeName, key, type }: Misfitted, value: unknown, written: string): string {
  if (type === '[]string' && Array.isArray(value)) {
    const at = value.findIndex((item) => typeof item !== 'string');
    return `json: cannot unmarshal ${wordFor(value[at])} into ${typeName}.${key}.${at} of type string`;
  }
  const isNumberWanted = !TEXTS.includes(type) && type !== 'bool' && type !== '[]string';
  const what = isNumberWanted && typeof value === 'number' ? `number ${written}` : wordFor(value);
  return `json: cannot unmarshal ${what} into Go struct field ${typeName}.${key} of type ${type}`;
}

function wordFor(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

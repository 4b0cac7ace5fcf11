/** The body of a request: JSON of a known shape. Keys are taken in any case; what does not fit is told as a NATS server tells it. */

export type FieldType = 'string' | 'bool' | 'int' | 'uint64' | '[]string' | 'server.ConnState' | 'time.Duration';
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
  return take(value as Record<string, unknown>, typeName, fields);
}

function take(given: Record<string, unknown>, typeName: string, fields: Fields): Decoded {
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    const name = key.toLowerCase();
    const type = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (type === undefined || value === null) continue;
    if (!fits(type, value)) {
      return {
        failure: `json: cannot unmarshal ${misfit(type, value)} into Go struct field ${typeName}.${key} of type ${innerType(type)}`,
      };
    }
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
  if (before.endsWith('{')) return `${character} looking for beginning of object key string`;
  return before === '' || /[:,[]$/.test(before)
    ? `${character} looking for beginning of value`
    : `${character} after top-level value`;
}

function fits(type: FieldType, value: unknown): boolean {
  if (type === 'string') return typeof value === 'string';
  if (type === 'bool') return typeof value === 'boolean';
  if (type === '[]string') return Array.isArray(value) && value.every((item) => typeof item === 'string');
  return Number.isInteger(value) && (type !== 'uint64' || (value as number) >= 0);
}

function misfit(type: FieldType, value: unknown): string {
  if (type === '[]string' && Array.isArray(value)) return wordFor(value.find((item) => typeof item !== 'string'));
  const isNumberWanted = type !== 'string' && type !== 'bool' && type !== '[]string';
  return isNumberWanted && typeof value === 'number' ? `number ${value}` : wordFor(value);
}

function innerType(type: FieldType): string {
  return type === '[]string' ? 'string' : type;
}

function wordFor(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** From the text of a literal to its value. */

export const INT64_MAX = 2n ** 63n - 1n;
export const INT64_MIN = -(2n ** 63n);

const EXPONENT_OF: Record<string, number> = { k: 1, m: 2, g: 3, t: 4, p: 5, e: 6 };
const SIZE = /^(-?\d+)(?:([kmgtpe])(b|i|ib)?)?$/i;

export type IntegerOutcome =
  | { readonly value: number | bigint }
  | { readonly failure: 'out of range' | 'unknown suffix' };

/** `k` counts thousands, `kb`, `ki` and `kib` count 1024; a product beyond 64 bits wraps, as it does in a NATS server. */
export function integerValue(text: string): IntegerOutcome {
  const match = SIZE.exec(text);
  if (match === null) return { failure: 'unknown suffix' };
  const digits = BigInt(match[1]!);
  if (digits > INT64_MAX || digits < INT64_MIN) return { failure: 'out of range' };
  return { value: exactNumber(BigInt.asIntN(64, digits * factorOf(match[2], match[3]))) };
}

function factorOf(letter: string | undefined, binary: string | undefined): bigint {
  if (letter === undefined) return 1n;
  const exponent = BigInt(EXPONENT_OF[letter.toLowerCase()]!);
  return binary === undefined ? 1000n ** exponent : 1024n ** exponent;
}

/** A plain number wherever it holds the value exactly. */
export function exactNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The moment itself as it was written, or null where the calendar or the clock has no such moment. */
export function datetimeValue(text: string): string | null {
  const time = Date.parse(text);
  if (Number.isNaN(time) || text.slice(11, 13) === '24') return null;
  return new Date(time).toISOString().slice(0, 19) === text.slice(0, 19) ? text : null;
}

const BOOLEANS = new Map(Object.entries({ true: true, yes: true, on: true, false: false, no: false, off: false }));

/** Null where the bare text is no boolean but a string. */
export function booleanValue(text: string): boolean | null {
  return text.length > 5 ? null : (BOOLEANS.get(text.toLowerCase()) ?? null);
}

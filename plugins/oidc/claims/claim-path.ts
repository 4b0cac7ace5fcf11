/** Where in a token something stands, and what stands there. */

export interface ClaimPath {
  /** As it was written: what messages show. */
  readonly text: string;
  readonly steps: readonly string[];
}

export type Claims = Readonly<Record<string, unknown>>;

/** Claims with names of this kind hold dots that separate nothing. */
const ONE_NAME = /^(?:https?:\/\/|urn:)/;
const STEP = /(?:"([^"]+)"|([^."]+))(?:\.(?=.)|$)/y;

/** `realm_access.roles`, `https://acme.example/roles`, `"a.b".c`. Null for what is no path. */
export function parseClaimPath(text: string): ClaimPath | null {
  if (ONE_NAME.test(text)) return { text, steps: [text] };
  const steps: string[] = [];
  STEP.lastIndex = 0;
  for (let at = 0; at < text.length; at = STEP.lastIndex) {
    const match = STEP.exec(text);
    if (match === null) return null;
    steps.push(match[1] ?? match[2]!);
  }
  return steps.length === 0 ? null : { text, steps: Object.freeze(steps) };
}

/** Texts, numbers and truth values, one of them or an array; nothing for all else. */
export function valuesAt(claims: Claims, { text, steps }: ClaimPath, spaceSeparated: readonly string[]): string[] {
  const found = valueAt(claims, steps);
  if (typeof found === 'string' && spaceSeparated.includes(text)) return found.split(' ').filter((word) => word !== '');
  return (Array.isArray(found) ? found : [found]).flatMap(scalarText);
}

function valueAt(claims: Claims, steps: readonly string[]): unknown {
  let value: unknown = claims;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Claims)[step];
  }
  return value;
}

function scalarText(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'number' || typeof value === 'boolean' ? [String(value)] : [];
}

/** JSON as a NATS server prints it: indented by two, some characters escaped; long lists come out piece by piece. */
import type { Pace } from './pace.ts';

const INDENT = 2;
const DELICATE = /[<>&\u2028\u2029]/g;

/** Characters that could end a script element are escaped inside strings, where alone they can stand. */
function escaped(json: string): string {
  return json.replace(DELICATE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function compactJson(value: unknown): string {
  return printed(value);
}

/** The text of an object, in pieces. A generator among its values is an array whose items are not made at once. */
export async function* jsonPieces(value: object, pace: Pace): AsyncGenerator<string> {
  let isEmpty = true;
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    yield `${isEmpty ? '{' : ','}\n  ${JSON.stringify(key)}: `;
    isEmpty = false;
    if (isRows(member)) yield* arrayPieces(member, pace);
    else yield indented(member, INDENT);
  }
  yield isEmpty ? '{}' : '\n}';
}

/** The text of an object without spaces, made in slices like the other. */
export async function compactText(value: object, pace: Pace): Promise<string> {
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const text = isRows(member) ? `[${(await compactRows(member, pace)).join(',')}]` : printed(member);
    members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join(',')}}`;
}

async function compactRows(rows: Iterable<unknown>, pace: Pace): Promise<string[]> {
  const texts: string[] = [];
  for (const row of rows) {
    texts.push(printed(row));
    if (pace.isDue) await pace.rest();
  }
  return texts;
}

async function* arrayPieces(rows: Iterable<unknown>, pace: Pace): AsyncGenerator<string> {
  let isEmpty = true;
  for (const row of rows) {
    yield `${isEmpty ? '[' : ','}\n    ${indented(row, 2 * INDENT)}`;
    isEmpty = false;
    if (pace.isDue) await pace.rest();
  }
  yield isEmpty ? '[]' : '\n  ]';
}

function isRows(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Symbol.iterator in value;
}

function indented(value: unknown, depth: number): string {
  return printed(value, INDENT).replaceAll('\n', `\n${' '.repeat(depth)}`);
}

const EXACT = /"\\u0000(-?\d+)"/g;

/** JSON.stringify knows no bigint: it goes as a marked string, whose marks are taken off again. */
function printed(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, markBigints, indent) ?? 'null';
  return escaped(text.includes('\\u0000') ? text.replace(EXACT, '$1') : text);
}

function markBigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `\u0000${value}` : value;
}

/** JSON as a NATS server prints it: indented, some characters escaped; long lists come out piece by piece. */
import { escapedJson, type Pace } from '../../kernel/plugin-api.ts';
import { BadRequest } from './http/query.ts';

const INDENT = 2;
const TOO_LONG = 'the answer is longer than 16 MiB: ask for less at a time, with "limit" and "offset"';

export function compactJson(value: unknown): string {
  return printed(value);
}

/** How a text is spaced out. */
interface Layout {
  /** Blanks for each level; 0 for a text on one line. */
  readonly indent: number;
  readonly pace: Pace;
}

/** The text of an object, in pieces. A generator among its values, or those of its rows, is an array whose items are not made at once. */
export function jsonPieces(value: object, pace: Pace, indent: number = INDENT): AsyncGenerator<string> {
  return objectPieces(value, 1, { indent, pace });
}

/** What is handed over in one piece is sent in one piece: that would hold the loop, and fill the memory of whoever asked. */
export const COMPACT_TEXT_MAX: number = 16 * 1024 * 1024;

/** The text of an object without spaces, made in slices like the other. Throws where it grows too long. */
export async function compactText(value: object, pace: Pace): Promise<string> {
  let text = '';
  for await (const piece of objectPieces(value, 1, { indent: 0, pace })) {
    text += piece;
    if (text.length > COMPACT_TEXT_MAX) throw new BadRequest(TOO_LONG);
  }
  return text;
}

async function* objectPieces(value: object, depth: number, layout: Layout): AsyncGenerator<string> {
  const [line, gap] = [newLine(depth, layout), layout.indent === 0 ? '' : ' '];
  let isEmpty = true;
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    yield `${isEmpty ? '{' : ','}${line}${JSON.stringify(key)}:${gap}`;
    isEmpty = false;
    if (isRows(member)) yield* arrayPieces(member, depth, layout);
    else yield indented(member, depth, layout);
  }
  yield isEmpty ? '{}' : `${newLine(depth - 1, layout)}}`;
}

async function* arrayPieces(rows: Iterable<unknown>, depth: number, layout: Layout): AsyncGenerator<string> {
  const line = newLine(depth + 1, layout);
  let isEmpty = true;
  for (const row of rows) {
    // A row that is none: there was nothing to show, and it took its time.
    if (row !== undefined) {
      yield `${isEmpty ? '[' : ','}${line}`;
      isEmpty = false;
      if (holdsRows(row)) yield* objectPieces(row, depth + 2, layout);
      else yield indented(row, depth + 1, layout);
    }
    if (layout.pace.isDue) await layout.pace.rest();
  }
  yield isEmpty ? '[]' : `${newLine(depth, layout)}]`;
}

function newLine(depth: number, { indent }: Layout): string {
  return indent === 0 ? '' : `\n${' '.repeat(depth * indent)}`;
}

function holdsRows(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).some(isRows);
}

function isRows(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Symbol.iterator in value;
}

function indented(value: unknown, depth: number, { indent }: Layout): string {
  if (indent === 0) return printed(value);
  return printed(value, indent).replaceAll('\n', `\n${' '.repeat(depth * indent)}`);
}

const EXACT = /"\\u0000(-?\d+)"/g;

/** JSON.stringify knows no bigint: it goes as a marked string, whose marks are taken off again. */
function printed(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, markBigints, indent) ?? 'null';
  return escapedJson(text.includes('\\u0000') ? text.replace(EXACT, '$1') : text);
}

function markBigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `\u0000${value}` : value;
}

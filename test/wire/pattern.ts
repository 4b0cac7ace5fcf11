/**
 * What a script expects to receive, as parts that are matched one after the other against the bytes that
 * came. Each part answers whether it fits, does not fit, or needs more bytes.
 */
import { toBytes } from './escapes.ts';
import { checkFacts } from './facts.ts';

export type Part =
  | { kind: 'bytes'; bytes: Buffer }
  /** Any bytes up to the next part, none of them a line end; with a name, they are kept for later. */
  | { kind: 'any'; name?: string }
  /** A whole INFO line, or a JSON text up to the line end; `facts` are checked on the object. */
  | { kind: 'info' | 'json'; facts: string };

export type Verdict = { length: number } | 'need more' | { problem: string };

const PLACEHOLDER = /\$\{([^}]*)\}/;

export function readPattern(text: string): Part[] {
  return text.split(new RegExp(PLACEHOLDER, 'g')).flatMap((piece, index): Part[] => {
    if (index % 2 === 1) return [readPlaceholder(piece)];
    return piece === '' ? [] : [{ kind: 'bytes', bytes: toBytes(piece) }];
  });
}

function readPlaceholder(text: string): Part {
  const [, repeated, times] = /^(.*)\*(\d+)$/s.exec(text) ?? [];
  if (repeated !== undefined) return { kind: 'bytes', bytes: toBytes(repeated.repeat(Number(times))) };
  const [word, ...facts] = text.split(' ');
  if (text === 'any') return { kind: 'any' };
  if (word === 'any') return { kind: 'any', name: facts.join(' ') };
  if (word === 'info' || word === 'json') return { kind: word, facts: facts.join(' ') };
  throw new Error(`unknown placeholder \${${text}}`);
}

/** How many of the first bytes fit `part`; `next` is what follows it. */
export function matchPart(part: Part, next: Part | undefined, bytes: Buffer): Verdict {
  if (part.kind === 'bytes') return matchBytes(part.bytes, bytes);
  if (part.kind === 'any') return matchAny(next, bytes);
  const end = bytes.indexOf('\r\n');
  if (end < 0) return 'need more';
  return part.kind === 'info' ? matchInfo(part.facts, bytes, end) : matchJson(part.facts, bytes, end);
}

function matchBytes(wanted: Buffer, bytes: Buffer): Verdict {
  const length = Math.min(wanted.length, bytes.length);
  if (wanted.compare(bytes, 0, length, 0, length) !== 0) return { problem: 'other bytes came' };
  return length === wanted.length ? { length } : 'need more';
}

function matchAny(next: Part | undefined, bytes: Buffer): Verdict {
  const lineEnd = bytes.indexOf('\r');
  if (next === undefined || next.kind !== 'bytes') return lineEnd < 0 ? 'need more' : { length: lineEnd };
  const end = bytes.indexOf(next.bytes);
  if (end >= 0 && (lineEnd < 0 || end <= lineEnd)) return { length: end };
  return lineEnd >= 0 && bytes.length >= lineEnd + next.bytes.length
    ? { problem: 'the line goes on differently' }
    : 'need more';
}

function matchInfo(facts: string, bytes: Buffer, end: number): Verdict {
  const line = bytes.toString('utf8', 0, end);
  if (!line.startsWith('INFO {') || !line.endsWith('} '))
    return { problem: 'no INFO line (with its blank at the end) came' };
  const problem = checkFacts(JSON.parse(line.slice(5)), facts);
  return problem === '' ? { length: end + 2 } : { problem };
}

function matchJson(facts: string, bytes: Buffer, end: number): Verdict {
  const problem = checkFacts(JSON.parse(bytes.toString('utf8', 0, end)), facts);
  return problem === '' ? { length: end } : { problem };
}

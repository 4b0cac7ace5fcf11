/**
 * A set of subject patterns that answers one question: does any of them cover this subject?
 *
 * The walk stops at the first that does, and makes nothing: it reads the bytes of a read buffer where they lie. A
 * subject's wildcards are text here, as in a published subject; a `*` of a pattern covers any token, also `>`.
 */
import { Buffer } from 'node:buffer';

const DOT = 46;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const FIRST_BUCKETS = 4;

class PatternNode {
  readonly token: Buffer;
  readonly hash: number;
  /** The next child of the same parent in the same bucket. */
  next: PatternNode | null = null;
  buckets: (PatternNode | null)[] = [];
  literalCount = 0;
  star: PatternNode | null = null;
  /** A pattern ends here with `>`. */
  hasRest = false;
  /** A pattern ends here. */
  isEnd = false;

  constructor(token: Buffer, hash: number) {
    this.token = token;
    this.hash = hash;
  }
}

export class PatternSet {
  size = 0;
  private readonly root = new PatternNode(Buffer.alloc(0), 0);

  /** The patterns must be valid; one character of them stands for one byte. */
  static of(patterns: Iterable<string>): PatternSet {
    const set = new PatternSet();
    for (const pattern of patterns) set.add(pattern);
    return set;
  }

  add(pattern: string): void {
    this.size++;
    let node = this.root;
    for (const token of pattern.split('.')) {
      if (token === '>') {
        node.hasRest = true;
        return;
      }
      node = token === '*' ? starOf(node) : childOf(node, Buffer.from(token, 'latin1'));
    }
    node.isEnd = true;
  }

  covers(bytes: Buffer, start: number, end: number): boolean {
    return this.size > 0 && hasOnlyWholeTokens(bytes, start, end) && walk(this.root, bytes, start, end);
  }

  /** The same for a subject as the kernel holds it, one character per byte. */
  coversText(subject: string): boolean {
    const bytes = Buffer.from(subject, 'latin1');
    return this.covers(bytes, 0, bytes.length);
  }

  /** Some literal subject matches both the given pattern and one of these. */
  collidesWith(pattern: string): boolean {
    return collides(this.root, pattern.split('.'), 0);
  }
}

function starOf(node: PatternNode): PatternNode {
  node.star ??= new PatternNode(Buffer.alloc(0), 0);
  return node.star;
}

function childOf(node: PatternNode, token: Buffer): PatternNode {
  const hash = hashOf(token, 0, token.length);
  const found = findChild(node, token, 0, token.length, hash);
  if (found !== null) return found;
  const child = new PatternNode(token, hash);
  if (++node.literalCount > node.buckets.length) grow(node);
  place(node, child);
  return child;
}

function grow(node: PatternNode): void {
  const children = [...childrenOf(node)];
  node.buckets = new Array(Math.max(FIRST_BUCKETS, node.buckets.length * 2)).fill(null);
  for (const child of children) place(node, child);
}

function place(node: PatternNode, child: PatternNode): void {
  const slot = child.hash & (node.buckets.length - 1);
  child.next = node.buckets[slot]!;
  node.buckets[slot] = child;
}

function* childrenOf(node: PatternNode): IterableIterator<PatternNode> {
  for (const first of node.buckets) {
    for (let child = first; child !== null; child = child.next) yield child;
  }
}

function hasOnlyWholeTokens(bytes: Buffer, start: number, end: number): boolean {
  if (start === end || bytes[start] === DOT || bytes[end - 1] === DOT) return false;
  for (let at = start + 1; at < end; at++) if (bytes[at] === DOT && bytes[at - 1] === DOT) return false;
  return true;
}

/** `at` is where a token begins: at least one is left. */
function walk(from: PatternNode, bytes: Buffer, at: number, end: number): boolean {
  let node = from;
  for (let start = at; ; ) {
    if (node.hasRest) return true;
    let stop = start;
    let hash = FNV_OFFSET;
    while (stop < end && bytes[stop] !== DOT) hash = Math.imul(hash ^ bytes[stop++]!, FNV_PRIME);
    const literal = node.literalCount === 0 ? null : findChild(node, bytes, start, stop, hash >>> 0);
    const { star } = node;
    const next = literal ?? star;
    if (next === null) return false;
    if (stop === end) return next.isEnd || (star?.isEnd ?? false);
    start = stop + 1;
    if (literal !== null && star !== null && walk(star, bytes, start, end)) return true;
    node = next;
  }
}

function findChild(node: PatternNode, bytes: Buffer, start: number, end: number, hash: number): PatternNode | null {
  if (node.literalCount === 0) return null;
  let child = node.buckets[hash & (node.buckets.length - 1)]!;
  while (child !== null && !(child.hash === hash && isSameToken(child.token, bytes, start, end))) child = child.next!;
  return child;
}

function isSameToken(token: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (token.length !== end - start) return false;
  for (let at = 0; at < token.length; at++) if (token[at] !== bytes[start + at]) return false;
  return true;
}

function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = FNV_OFFSET;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, FNV_PRIME);
  return hash >>> 0;
}

function collides(node: PatternNode, tokens: readonly string[], at: number): boolean {
  if (at === tokens.length) return node.isEnd;
  if (node.hasRest) return true;
  const token = tokens[at]!;
  // Every branch ends in a pattern, and the rest of the other one covers it.
  if (token === '>' && at === tokens.length - 1) return node.star !== null || node.literalCount > 0;
  if (node.star !== null && collides(node.star, tokens, at + 1)) return true;
  if (token === '*') return [...childrenOf(node)].some((child) => collides(child, tokens, at + 1));
  const bytes = Buffer.from(token, 'latin1');
  const child = findChild(node, bytes, 0, bytes.length, hashOf(bytes, 0, bytes.length));
  return child !== null && collides(child, tokens, at + 1);
}

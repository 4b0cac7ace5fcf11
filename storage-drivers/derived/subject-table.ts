/**
 * The subjects of a store: how many records each has, and the first and last of them.
 *
 * A node stands for the first tokens of some subjects, and for a subject if it has records. It is found with one probe,
 * by the hash of all its bytes up to there; its text is its last token and the texts of the nodes above. So a literal
 * costs one probe whatever its depth, and the tree for wildcards is there without being built.
 */
import { HashPages, spread } from './hash-pages.ts';
import {
  COUNT,
  FIRST_CHILD,
  HASH,
  LAST_IS_STALE,
  LENGTHS,
  NEXT_SIBLING,
  type NodeBlock,
  PARENT,
  PREVIOUS_SIBLING,
  rowOf,
  STALE_BITS,
  SubjectNodes,
  TAIL_MAX,
  TEXT_AND_STALE,
} from './subject-nodes.ts';
import { TokenText } from './token-text.ts';

const HASH_OF_NOTHING = 0x2b992ddf;
/** An odd number without pattern, and its powers: each byte counts by its distance from the end. */
const BASE = 0x3d4d51cb;
const BASE_2 = Math.imul(BASE, BASE);
const BASE_3 = Math.imul(BASE_2, BASE);
const BASE_4 = Math.imul(BASE_3, BASE);
const DOT = 46;
export const ROOT = 0;
/** Numbers of nodes that went are used again only after so many went, and so great a part of all. */
const RESTING_MIN = 1024;
const RESTING_PART = 4;
const RECENT_BYTES_MAX = 64;
const LENGTH_MASK = 0xffff;
const LENGTH_BITS = 16;

export class SubjectTable {
  /** Subjects with records. */
  size = 0;
  /** Raised when numbers are about to be used again: what was remembered about numbers is void. */
  epoch = 0;
  readonly nodes = new SubjectNodes();
  private readonly hashes = new HashPages();
  private readonly text = new TokenText();
  private resting: number[] = [];
  private holders = 0;
  private spare: number[] = [];
  /** What was asked for last, 0 when it is not there any more. */
  private recent = 0;
  private recentLength = 0;
  private readonly recentText = new Uint8Array(RECENT_BYTES_MAX);
  /** Only what comes twice is remembered: where each subject is another it would be in vain. */
  private before = 0;

  constructor() {
    this.nodes.extend();
    this.nodes.block(ROOT).ints[HASH] = HASH_OF_NOTHING;
  }

  /** The subject's node, 0 when it was never seen. It may have no records of its own. */
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.lookUp(hashOn(HASH_OF_NOTHING, bytes, start, end), bytes, start, end);
  }

  findText(subject: string): number {
    const bytes = Buffer.from(subject, 'latin1');
    return this.find(bytes, 0, bytes.length);
  }

  /** The subject's node, made if it is missing, and all nodes above it. */
  ensure(bytes: Uint8Array, start: number, end: number): number {
    return this.find(bytes, start, end) || this.build(bytes, start, end);
  }

  /** The same, faster where the last one asked for is asked for again, as publishers do. */
  ensureAgain(bytes: Uint8Array, start: number, end: number): number {
    if (this.recent !== 0 && end - start === this.recentLength && this.isRecent(bytes, start)) return this.recent;
    const node = this.ensure(bytes, start, end);
    if (node === this.before && end - start <= RECENT_BYTES_MAX) this.remember(node, bytes, start, end);
    this.before = node;
    return node;
  }

  child(parent: number, token: string): number {
    let hash = this.prefixHash(parent);
    for (let at = 0; at < token.length; at++) hash = hashed(hash, token.charCodeAt(at));
    return this.hashes.find(spread(hash), (node) => this.parentOf(node) === parent && this.tokenOf(node) === token);
  }

  count(node: number): number {
    return this.nodes.block(node).ints[rowOf(node) + COUNT]!;
  }

  firstChild(node: number): number {
    return this.nodes.block(node).ints[rowOf(node) + FIRST_CHILD]!;
  }

  nextSibling(node: number): number {
    return this.nodes.block(node).ints[rowOf(node) + NEXT_SIBLING]!;
  }

  parentOf(node: number): number {
    return this.nodes.block(node).ints[rowOf(node) + PARENT]!;
  }

  tokenOf(node: number): string {
    const block = this.nodes.block(node);
    const row = rowOf(node);
    const length = block.ints[row + LENGTHS]! & LENGTH_MASK;
    return length > TAIL_MAX ? this.text.text(textAt(block.ints, row), length) : tailOf(block, row, length);
  }

  /** The whole subject, with one character per byte. */
  subjectOf(node: number): string {
    let after = '';
    for (let at = node; ; at = this.parentOf(at)) {
      const block = this.nodes.block(at);
      const row = rowOf(at);
      const length = block.ints[row + LENGTHS]! >>> LENGTH_BITS;
      if (length <= TAIL_MAX) return tailOf(block, row, length) + after;
      const token = this.tokenOf(at);
      if (token.length === length) return token + after;
      after = `.${token}${after}`;
    }
  }

  /** Until `letGo`, a number goes on standing for what it stands for, though perhaps without records: for walks of many turns. */
  hold(): void {
    this.holders++;
  }

  letGo(): void {
    this.holders--;
  }

  /** One record more, the newest of all. */
  added(node: number, seq: number): void {
    const block = this.nodes.block(node);
    const { ints } = block;
    const row = rowOf(node);
    const count = ints[row + COUNT]!;
    ints[row + COUNT] = count + 1;
    if (count === 0) {
      block.noteFirst(row, seq);
      ints[row + TEXT_AND_STALE]! &= ~STALE_BITS;
      this.size++;
    } else ints[row + TEXT_AND_STALE]! &= ~LAST_IS_STALE;
    block.noteLast(row, seq);
  }

  /** `many` records less, the record `seq` perhaps among them; answers how many are left. */
  removed(node: number, many: number): number {
    const { ints } = this.nodes.block(node);
    const row = rowOf(node);
    const left = ints[row + COUNT]! - many;
    ints[row + COUNT] = left;
    if (left === 0) {
      this.size--;
      this.prune(node);
    }
    return left;
  }

  get memoryBytes(): number {
    return this.nodes.memoryBytes + this.text.memoryBytes + this.hashes.count * 14;
  }

  private remember(node: number, bytes: Uint8Array, start: number, end: number): void {
    this.recent = node;
    this.recentLength = end - start;
    for (let at = start; at < end; at++) this.recentText[at - start] = bytes[at]!;
  }

  private isRecent(bytes: Uint8Array, start: number): boolean {
    // From the end: there most subjects differ.
    for (let at = this.recentLength - 1; at >= 0; at--) if (this.recentText[at] !== bytes[start + at]) return false;
    return true;
  }

  private lookUp(pathHash: number, bytes: Uint8Array, start: number, end: number): number {
    const hash = spread(pathHash);
    const slots = this.hashes.slotsOf(hash);
    const mask = slots.length / 2 - 1;
    for (let slot = hash & mask; slots[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
      const node = slots[2 * slot + 1]!;
      if (slots[2 * slot] === hash && this.isNode(node, bytes, start, end)) return node;
    }
    return 0;
  }

  /** Compares the last bytes first, which are at hand: there most subjects differ, and many are no longer than that. */
  private isNode(node: number, bytes: Uint8Array, start: number, end: number): boolean {
    let tokenEnd = end;
    for (let at = node; ; ) {
      const block = this.nodes.block(at);
      const { ints } = block;
      const row = rowOf(at);
      const lengths = ints[row + LENGTHS]!;
      const length = tokenEnd - start;
      if (lengths >>> LENGTH_BITS !== length || !isTail(block, row, bytes, tokenEnd, length)) return false;
      if (length <= TAIL_MAX) return true;
      const token = lengths & LENGTH_MASK;
      if (token > TAIL_MAX && !this.text.isAt(textAt(ints, row), token, bytes, tokenEnd)) return false;
      if (token === length) return true;
      tokenEnd -= token + 1;
      if (bytes[tokenEnd] !== DOT) return false;
      at = ints[row + PARENT]!;
    }
  }

  private build(bytes: Uint8Array, start: number, end: number): number {
    let parent = ROOT;
    let hash = HASH_OF_NOTHING;
    let tokenStart = start;
    for (let at = start; at <= end; at++) {
      if (at === end || bytes[at] === DOT) {
        const known = this.lookUp(hash, bytes, start, at);
        parent = known || this.make(parent, hash, bytes, start, tokenStart, at);
        tokenStart = at + 1;
      }
      if (at < end) hash = hashed(hash, bytes[at]!);
    }
    return parent;
  }

  private make(
    parent: number,
    hash: number,
    bytes: Uint8Array,
    start: number,
    tokenStart: number,
    end: number,
  ): number {
    const node = this.spare.pop() ?? this.nodes.extend();
    const block = this.nodes.block(node);
    const { ints } = block;
    const row = rowOf(node);
    const length = end - tokenStart;
    ints[row + HASH] = hash;
    ints[row + PARENT] = parent;
    ints[row + FIRST_CHILD] = 0;
    ints[row + COUNT] = 0;
    ints[row + LENGTHS] = ((end - start) << LENGTH_BITS) | length;
    ints[row + TEXT_AND_STALE] = length > TAIL_MAX ? this.text.add(bytes, tokenStart, end) : 0;
    let at = block.tailAt(row);
    for (let from = Math.max(start, end - TAIL_MAX); from < end; from++) block.bytes[at++] = bytes[from]!;
    this.hashes.add(spread(hash), node);
    this.link(parent, node, ints, row);
    return node;
  }

  private link(parent: number, node: number, ints: Int32Array, row: number): void {
    const above = this.nodes.block(parent).ints;
    const next = above[rowOf(parent) + FIRST_CHILD]!;
    ints[row + NEXT_SIBLING] = next;
    ints[row + PREVIOUS_SIBLING] = 0;
    if (next !== 0) this.nodes.block(next).ints[rowOf(next) + PREVIOUS_SIBLING] = node;
    above[rowOf(parent) + FIRST_CHILD] = node;
  }

  /** Takes away the node, and those above it, as far as nothing needs them. */
  private prune(from: number): void {
    for (let node = from; node !== ROOT; ) {
      const { ints } = this.nodes.block(node);
      const row = rowOf(node);
      if (ints[row + COUNT] !== 0 || ints[row + FIRST_CHILD] !== 0) return;
      const parent = ints[row + PARENT]!;
      this.unlink(parent, ints, row);
      this.hashes.delete(spread(ints[row + HASH]!), node);
      const length = ints[row + LENGTHS]! & LENGTH_MASK;
      if (length > TAIL_MAX) this.text.remove(textAt(ints, row), length);
      this.rest(node);
      if (node === this.recent) this.recent = 0;
      if (node === this.before) this.before = 0;
      node = parent;
    }
  }

  private unlink(parent: number, ints: Int32Array, row: number): void {
    const next = ints[row + NEXT_SIBLING]!;
    const previous = ints[row + PREVIOUS_SIBLING]!;
    if (next !== 0) this.nodes.block(next).ints[rowOf(next) + PREVIOUS_SIBLING] = previous;
    if (previous !== 0) this.nodes.block(previous).ints[rowOf(previous) + NEXT_SIBLING] = next;
    else this.nodes.block(parent).ints[rowOf(parent) + FIRST_CHILD] = next;
  }

  /** A number is not used again while filters may remember what it stood for. */
  private rest(node: number): void {
    this.resting.push(node);
    if (this.spare.length > 0 || this.holders > 0) return;
    if (this.resting.length < Math.max(RESTING_MIN, this.nodes.length / RESTING_PART)) return;
    this.epoch++;
    this.spare = this.resting;
    this.resting = [];
  }

  /** The hash of what stands before a token below the node: its subject and the dot. */
  private prefixHash(node: number): number {
    const hash = this.nodes.block(node).ints[rowOf(node) + HASH]!;
    return node === ROOT ? hash : hashed(hash, DOT);
  }
}

/** From the end: there most subjects differ. */
function isTail(block: NodeBlock, row: number, bytes: Uint8Array, end: number, length: number): boolean {
  const tail = Math.min(length, TAIL_MAX);
  const known = block.bytes;
  let at = block.tailAt(row) + tail;
  for (let from = end - 1; from >= end - tail; from--) if (known[--at] !== bytes[from]) return false;
  return true;
}

/** The last bytes of a subject, no more than the row has. */
function tailOf(block: NodeBlock, row: number, length: number): string {
  const end = block.tailAt(row) + Math.min(block.ints[row + LENGTHS]! >>> LENGTH_BITS, TAIL_MAX);
  return block.bytes.toString('latin1', end - length, end);
}

/** Addresses of texts are multiples of eight. */
function textAt(ints: Int32Array, row: number): number {
  return (ints[row + TEXT_AND_STALE]! & ~STALE_BITS) >>> 0;
}

function hashed(hash: number, byte: number): number {
  return (Math.imul(hash, BASE) + byte) | 0;
}

/** The same for many bytes, four at a time: the processor need not wait for one to go on with the next. */
function hashOn(before: number, bytes: Uint8Array, start: number, end: number): number {
  let hash = before;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const four =
      Math.imul(bytes[at]!, BASE_3) +
      Math.imul(bytes[at + 1]!, BASE_2) +
      Math.imul(bytes[at + 2]!, BASE) +
      bytes[at + 3]!;
    hash = (Math.imul(hash, BASE_4) + four) | 0;
  }
  for (; at < end; at++) hash = hashed(hash, bytes[at]!);
  return hash;
}

/**
 * The subjects of a store: how many records each has, and the first and last of them.
 *
 * A node stands for the first tokens of some subjects, and for a subject if it has records. It is found with one probe,
 * by the hash of all its bytes up to there; its text is its last token and the texts of the nodes above. So a literal
 * costs one probe whatever its depth, and the tree for wildcards is there without being built.
 */
import { HashPages } from './hash-pages.ts';
import { type NodeBlock, SubjectNodes, slotOf } from './subject-nodes.ts';
import { TokenText } from './token-text.ts';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const DOT = 46;
export const ROOT = 0;
export const FIRST_IS_STALE = 1;
export const LAST_IS_STALE = 2;
/** Numbers of nodes that went are used again only after so many went, and so great a part of all. */
const RESTING_MIN = 1024;
const RESTING_PART = 4;
const RECENT_BYTES_MAX = 64;

export class SubjectTable {
  /** Subjects with records. */
  size = 0;
  /** Raised when numbers are about to be used again: what was remembered about numbers is void. */
  epoch = 0;
  readonly nodes = new SubjectNodes();
  private readonly hashes = new HashPages();
  private readonly text = new TokenText();
  private resting: number[] = [];
  private spare: number[] = [];
  /** What was asked for last, 0 when it is not there any more. */
  private recent = 0;
  private recentLength = 0;
  private readonly recentText = new Uint8Array(RECENT_BYTES_MAX);

  constructor() {
    this.nodes.extend();
    const root = this.nodes.block(ROOT);
    root.hash[ROOT] = FNV_OFFSET;
  }

  /** The subject's node, 0 when it was never seen. It may have no records of its own. */
  find(bytes: Uint8Array, start: number, end: number): number {
    let hash = FNV_OFFSET;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, FNV_PRIME);
    return this.lookUp(hash | 0, bytes, start, end);
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
    this.recent = end - start <= RECENT_BYTES_MAX ? node : 0;
    this.recentLength = end - start;
    if (this.recent !== 0) for (let at = start; at < end; at++) this.recentText[at - start] = bytes[at]!;
    return node;
  }

  child(parent: number, token: string): number {
    const head = this.prefixHash(parent);
    let hash = head;
    for (let at = 0; at < token.length; at++) hash = Math.imul(hash ^ token.charCodeAt(at), FNV_PRIME);
    return this.hashes.find(hash | 0, (node) => this.parentOf(node) === parent && this.tokenOf(node) === token);
  }

  count(node: number): number {
    return this.nodes.block(node).count[slotOf(node)]!;
  }

  firstChild(node: number): number {
    return this.nodes.block(node).firstChild[slotOf(node)]!;
  }

  nextSibling(node: number): number {
    return this.nodes.block(node).nextSibling[slotOf(node)]!;
  }

  parentOf(node: number): number {
    return this.nodes.block(node).parent[slotOf(node)]!;
  }

  tokenOf(node: number): string {
    const block = this.nodes.block(node);
    const slot = slotOf(node);
    return this.text.text(block.textAt[slot]!, block.textLength[slot]!);
  }

  /** The whole subject, with one character per byte. */
  subjectOf(node: number): string {
    let subject = this.tokenOf(node);
    for (let above = this.parentOf(node); above !== ROOT; above = this.parentOf(above)) {
      subject = `${this.tokenOf(above)}.${subject}`;
    }
    return subject;
  }

  /** One record more, the newest of all. */
  added(node: number, seq: number): void {
    const block = this.nodes.block(node);
    const slot = slotOf(node);
    if (block.count[slot]!++ === 0) {
      block.first[slot] = seq;
      block.stale[slot] = 0;
      this.size++;
    } else block.stale[slot]! &= ~LAST_IS_STALE;
    block.last[slot] = seq;
  }

  /** `many` records less, the record `seq` perhaps among them; answers how many are left. */
  removed(node: number, many: number): number {
    const block = this.nodes.block(node);
    const slot = slotOf(node);
    const left = block.count[slot]! - many;
    block.count[slot] = left;
    if (left === 0) {
      this.size--;
      this.prune(node);
    }
    return left;
  }

  get memoryBytes(): number {
    return this.nodes.memoryBytes + this.text.memoryBytes + this.hashes.count * 14;
  }

  private isRecent(bytes: Uint8Array, start: number): boolean {
    // From the end: there most subjects differ.
    for (let at = this.recentLength - 1; at >= 0; at--) if (this.recentText[at] !== bytes[start + at]) return false;
    return true;
  }

  private lookUp(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const slots = this.hashes.slotsOf(hash);
    const mask = slots.length / 2 - 1;
    for (let slot = hash & mask; slots[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
      const node = slots[2 * slot + 1]!;
      if (slots[2 * slot] === hash && this.isNode(node, bytes, start, end)) return node;
    }
    return 0;
  }

  /** Compares from the last token to the first. */
  private isNode(node: number, bytes: Uint8Array, start: number, end: number): boolean {
    let tokenEnd = end;
    for (let at = node; ; ) {
      const block = this.nodes.block(at);
      const slot = slotOf(at);
      const length = block.textLength[slot]!;
      if (tokenEnd - length < start || !this.text.isAt(block.textAt[slot]!, length, bytes, tokenEnd)) return false;
      tokenEnd -= length + 1;
      at = block.parent[slot]!;
      if (at === ROOT) return tokenEnd === start - 1;
      if (tokenEnd < start || bytes[tokenEnd] !== DOT) return false;
    }
  }

  private build(bytes: Uint8Array, start: number, end: number): number {
    let parent = ROOT;
    let hash = FNV_OFFSET;
    let tokenStart = start;
    for (let at = start; at <= end; at++) {
      if (at === end || bytes[at] === DOT) {
        const known = this.lookUp(hash | 0, bytes, start, at);
        parent = known || this.make(parent, hash | 0, bytes, tokenStart, at);
        tokenStart = at + 1;
      }
      if (at < end) hash = Math.imul(hash ^ bytes[at]!, FNV_PRIME);
    }
    return parent;
  }

  private make(parent: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const node = this.spare.pop() ?? this.nodes.extend();
    const block = this.nodes.block(node);
    const slot = slotOf(node);
    block.hash[slot] = hash;
    block.parent[slot] = parent;
    block.firstChild[slot] = 0;
    block.count[slot] = 0;
    block.stale[slot] = 0;
    block.textAt[slot] = this.text.add(bytes, start, end);
    block.textLength[slot] = end - start;
    this.hashes.add(hash, node);
    this.link(parent, node, block, slot);
    return node;
  }

  private link(parent: number, node: number, block: NodeBlock, slot: number): void {
    const above = this.nodes.block(parent);
    const next = above.firstChild[slotOf(parent)]!;
    block.nextSibling[slot] = next;
    block.previousSibling[slot] = 0;
    if (next !== 0) this.nodes.block(next).previousSibling[slotOf(next)] = node;
    above.firstChild[slotOf(parent)] = node;
  }

  /** Takes away the node, and those above it, as far as nothing needs them. */
  private prune(from: number): void {
    for (let node = from; node !== ROOT; ) {
      const block = this.nodes.block(node);
      const slot = slotOf(node);
      if (block.count[slot] !== 0 || block.firstChild[slot] !== 0) return;
      const parent = block.parent[slot]!;
      this.unlink(parent, block, slot);
      this.hashes.delete(block.hash[slot]!, node);
      this.text.remove(block.textAt[slot]!, block.textLength[slot]!);
      this.rest(node);
      if (node === this.recent) this.recent = 0;
      node = parent;
    }
  }

  private unlink(parent: number, block: NodeBlock, slot: number): void {
    const next = block.nextSibling[slot]!;
    const previous = block.previousSibling[slot]!;
    if (next !== 0) this.nodes.block(next).previousSibling[slotOf(next)] = previous;
    if (previous !== 0) this.nodes.block(previous).nextSibling[slotOf(previous)] = next;
    else this.nodes.block(parent).firstChild[slotOf(parent)] = next;
  }

  /** A number is not used again while filters may remember what it stood for. */
  private rest(node: number): void {
    this.resting.push(node);
    if (this.spare.length > 0) return;
    if (this.resting.length < Math.max(RESTING_MIN, this.nodes.length / RESTING_PART)) return;
    this.epoch++;
    this.spare = this.resting;
    this.resting = [];
  }

  /** The hash of what stands before a token below the node: its subject and the dot. */
  private prefixHash(node: number): number {
    const hash = this.nodes.block(node).hash[slotOf(node)]!;
    return node === ROOT ? hash : Math.imul(hash ^ DOT, FNV_PRIME);
  }
}

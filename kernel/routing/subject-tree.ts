/**
 * A map from subject patterns to values, walked with the bytes of a literal subject.
 *
 * All edges to literal tokens live in one open-addressing table keyed by (parent, token hash), so a step costs one
 * probe whatever the fan-out, and a level that has only wildcards below it costs no hashing at all. A slot holds the
 * key's hash beside the node's index, so that a wrong slot is passed over without a look at a node. The walk makes no
 * string, no array and no object: results are left in `matched`.
 */
import { hashOfToken, SplitSubject } from './split-subject.ts';

const PARENT_MIX = 0x9e3779b1;
const FIRST_CAPACITY = 8;

/** The subject being walked; every walk begins by setting it. */
export const subject = new SplitSubject();

export class SubjectNode<V> {
  readonly index: number;
  readonly parent: SubjectNode<V> | null;
  readonly token: string;
  /** The hash of the edge that leads here; 0 for wildcards. */
  readonly key: number;
  star: SubjectNode<V> | null = null;
  rest: SubjectNode<V> | null = null;
  literalChildren = 0;
  value: V | null = null;

  constructor(index: number, parent: SubjectNode<V> | null, token: string, key: number) {
    this.index = index;
    this.parent = parent;
    this.token = token;
    this.key = key;
  }

  /** The pattern this node stands for. */
  get subject(): string {
    const above = this.parent;
    return above === null || above.parent === null ? this.token : `${above.subject}.${this.token}`;
  }
}

export class SubjectTree<V> {
  /** The values found by the last `match`, from 0 to its answer - 1. Overwritten by the next. */
  readonly matched: V[] = [];
  private readonly root = new SubjectNode<V>(0, null, '', 0);
  private readonly nodes: (SubjectNode<V> | null)[] = [this.root];
  private readonly freeIndexes: number[] = [];
  /** Two numbers a slot: the edge's hash and the index of the node it leads to, 0 for none. */
  private edges = new Int32Array(2 * FIRST_CAPACITY);
  private edgeCount = 0;
  private valueCount = 0;
  private matchCount = 0;

  /** How many patterns have a value. */
  get size(): number {
    return this.valueCount;
  }

  /** The node of a pattern, made if it is missing. The pattern must be valid. */
  ensure(pattern: string): SubjectNode<V> {
    let node = this.root;
    let start = 0;
    while (start <= pattern.length) {
      const end = endOfToken(pattern, start);
      node = this.childFor(node, pattern.slice(start, end)) ?? this.addChild(node, pattern.slice(start, end));
      start = end + 1;
    }
    return node;
  }

  find(pattern: string): SubjectNode<V> | null {
    let node: SubjectNode<V> | null = this.root;
    let start = 0;
    while (node !== null && start <= pattern.length) {
      const end = endOfToken(pattern, start);
      node = this.childFor(node, pattern.slice(start, end));
      start = end + 1;
    }
    return node;
  }

  setValue(node: SubjectNode<V>, value: V): void {
    if (node.value === null) this.valueCount++;
    node.value = value;
  }

  /** Takes the value away and prunes the branches that nothing needs any more. */
  removeValue(node: SubjectNode<V>): void {
    if (node.value === null) return;
    node.value = null;
    this.valueCount--;
    this.prune(node);
  }

  /** Finds all values whose pattern matches the literal subject; they are left in `matched`. */
  match(bytes: Buffer, start: number, end: number): number {
    this.matchCount = 0;
    if (this.valueCount === 0 || !subject.split(bytes, start, end)) return 0;
    this.walk(this.root, 0);
    return this.matchCount;
  }

  /** The same for the subject that any tree has just matched, without finding its tokens again. */
  matchSame(): number {
    this.matchCount = 0;
    if (this.valueCount > 0) this.walk(this.root, 0);
    return this.matchCount;
  }

  /** Whether any pattern matches: stops at the first that does. */
  covers(bytes: Buffer, start: number, end: number): boolean {
    return this.valueCount > 0 && subject.split(bytes, start, end) && this.reachesValue(this.root, 0);
  }

  *values(): IterableIterator<V> {
    for (const node of this.nodes) if (node !== null && node.value !== null) yield node.value;
  }

  /** Slot-wise access for callers that page through a large tree without holding the loop. */
  get slotCount(): number {
    return this.nodes.length;
  }

  valueAt(slot: number): V | null {
    return this.nodes[slot]?.value ?? null;
  }

  private walk(from: SubjectNode<V>, fromDepth: number): void {
    let node = from;
    for (let depth = fromDepth; depth < subject.count; depth++) {
      if (node.rest !== null && node.rest.value !== null) this.matched[this.matchCount++] = node.rest.value;
      const star = node.star;
      const literal = node.literalChildren === 0 ? null : this.literalChild(node, depth);
      if (literal === null) {
        if (star === null) return;
        node = star;
      } else {
        if (star !== null) this.walk(star, depth + 1);
        node = literal;
      }
    }
    if (node.value !== null) this.matched[this.matchCount++] = node.value;
  }

  private reachesValue(from: SubjectNode<V>, fromDepth: number): boolean {
    let node = from;
    for (let depth = fromDepth; depth < subject.count; depth++) {
      if (node.rest !== null && node.rest.value !== null) return true;
      const star = node.star;
      const literal = node.literalChildren === 0 ? null : this.literalChild(node, depth);
      if (literal !== null && star !== null && this.reachesValue(star, depth + 1)) return true;
      const next = literal ?? star;
      if (next === null) return false;
      node = next;
    }
    return node.value !== null;
  }

  private literalChild(parent: SubjectNode<V>, depth: number): SubjectNode<V> | null {
    const hash = subject.hashAt(depth);
    const edges = this.edges;
    const mask = edges.length - 2;
    const key = keyOf(hash, parent.index);
    for (let slot = (key << 1) & mask; ; slot = (slot + 2) & mask) {
      const index = edges[slot + 1];
      if (index === 0) return null;
      if (edges[slot] !== key) continue;
      const node = this.nodes[index] as SubjectNode<V>;
      if (node.parent === parent && subject.isAt(depth, node.token)) return node;
    }
  }

  private childFor(parent: SubjectNode<V>, token: string): SubjectNode<V> | null {
    if (token === '*') return parent.star;
    if (token === '>') return parent.rest;
    if (parent.literalChildren === 0) return null;
    const edges = this.edges;
    const mask = edges.length - 2;
    const key = keyOf(hashOfToken(token), parent.index);
    for (let slot = (key << 1) & mask; ; slot = (slot + 2) & mask) {
      const index = edges[slot + 1];
      if (index === 0) return null;
      if (edges[slot] !== key) continue;
      const node = this.nodes[index] as SubjectNode<V>;
      if (node.parent === parent && node.token === token) return node;
    }
  }

  private addChild(parent: SubjectNode<V>, token: string): SubjectNode<V> {
    const isLiteral = token !== '*' && token !== '>';
    const index = this.freeIndexes.pop() ?? this.nodes.length;
    const node = new SubjectNode<V>(index, parent, token, isLiteral ? keyOf(hashOfToken(token), parent.index) : 0);
    this.nodes[index] = node;
    if (token === '*') parent.star = node;
    else if (token === '>') parent.rest = node;
    else this.addEdge(parent, node);
    return node;
  }

  private addEdge(parent: SubjectNode<V>, node: SubjectNode<V>): void {
    parent.literalChildren++;
    if (++this.edgeCount * 4 > this.edges.length) this.rebuildEdges(this.edges.length * 2);
    this.placeEdge(node.key, node.index);
  }

  private placeEdge(key: number, index: number): void {
    const mask = this.edges.length - 2;
    let slot = (key << 1) & mask;
    while (this.edges[slot + 1] !== 0) slot = (slot + 2) & mask;
    this.edges[slot] = key;
    this.edges[slot + 1] = index;
  }

  private rebuildEdges(length: number): void {
    const before = this.edges;
    this.edges = new Int32Array(length);
    for (let slot = 0; slot < before.length; slot += 2) {
      if (before[slot + 1] !== 0) this.placeEdge(before[slot], before[slot + 1]);
    }
  }

  private prune(from: SubjectNode<V>): void {
    let node = from;
    while (node.parent !== null && isBare(node)) {
      const parent = node.parent;
      if (parent.star === node) parent.star = null;
      else if (parent.rest === node) parent.rest = null;
      else this.removeEdge(parent, node);
      this.nodes[node.index] = null;
      this.freeIndexes.push(node.index);
      node = parent;
    }
    const isRoomy = this.edges.length > 2 * FIRST_CAPACITY && this.edgeCount * 32 < this.edges.length;
    if (isRoomy) this.rebuildEdges(Math.max(2 * FIRST_CAPACITY, this.edges.length / 4));
    if (isRoomy || isBare(this.root)) this.trimNodes();
  }

  /** Closes the gap that the removed edge leaves, so that probing never needs tombstones. */
  private removeEdge(parent: SubjectNode<V>, node: SubjectNode<V>): void {
    parent.literalChildren--;
    this.edgeCount--;
    const edges = this.edges;
    const mask = edges.length - 2;
    let gap = (node.key << 1) & mask;
    while (edges[gap + 1] !== node.index) gap = (gap + 2) & mask;
    for (let slot = (gap + 2) & mask; edges[slot + 1] !== 0; slot = (slot + 2) & mask) {
      const home = (edges[slot] << 1) & mask;
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      edges[gap] = edges[slot];
      edges[gap + 1] = edges[slot + 1];
      gap = slot;
    }
    edges[gap + 1] = 0;
  }

  private trimNodes(): void {
    while (this.nodes.length > 1 && this.nodes[this.nodes.length - 1] === null) this.nodes.pop();
    const alive = this.freeIndexes.filter((index) => index < this.nodes.length);
    this.freeIndexes.length = 0;
    for (const index of alive) this.freeIndexes.push(index);
  }
}

function endOfToken(pattern: string, start: number): number {
  const dot = pattern.indexOf('.', start);
  return dot < 0 ? pattern.length : dot;
}

/** The hash of an edge: of a token below one parent. */
function keyOf(hash: number, parentIndex: number): number {
  const mixed = Math.imul(hash ^ Math.imul(parentIndex, PARENT_MIX), PARENT_MIX);
  return mixed ^ (mixed >>> 15);
}

function isBare<V>(node: SubjectNode<V>): boolean {
  return node.value === null && node.literalChildren === 0 && node.star === null && node.rest === null;
}

/**
 * Up to some hundred subject filters as one question: does a subject match any of them?
 *
 * For subjects of a table the answer is remembered by the subject's number, two bits each, so that a record is asked
 * about for the price of a look at an array, however many filters there are.
 */
import { ROOT, type SubjectTable } from './subject-table.ts';

/** The filters as a tree of their tokens. */
export class FilterNode {
  readonly literals = new Map<string, FilterNode>();
  star: FilterNode | null = null;
  /** A filter ends here with `>`. */
  hasRest = false;
  /** A filter ends here. */
  isEnd = false;
}

const NOTHING = new Uint8Array(0);
/** What filters have led to at so many nodes is remembered: most subjects differ from others in their last token. */
const REACHED_MAX = 1024;
const NONE: readonly FilterNode[] = [];
const UNKNOWN = 0;
const YES = 1;
const NO = 2;

export class FilterSet {
  readonly filters: readonly string[];
  /** Everything matches. */
  readonly isAll: boolean;
  /** The only filter, when it has no wildcards. */
  readonly literal: string | null;
  readonly root = new FilterNode();
  private table: SubjectTable | null = null;
  private epoch = 0;
  private known: Uint8Array = NOTHING;
  /** Where the filters stand after the tokens of a node; null where everything below matches. */
  private readonly reached = new Map<number, readonly FilterNode[] | null>();
  private readonly literalBytes: Uint8Array;

  /** Without filters, all matches. Filters are well-formed subjects, one character per byte. */
  constructor(filters: readonly string[]) {
    this.filters = filters;
    this.isAll = filters.length === 0 || filters.includes('>');
    for (const filter of filters) addFilter(this.root, filter);
    this.literal = filters.length === 1 && !hasWildcard(filters[0]!) ? filters[0]! : null;
    this.literalBytes = Buffer.from(this.literal ?? '', 'latin1');
  }

  matchesText(subject: string): boolean {
    return this.isAll || reaches(this.root, subject.split('.'), 0);
  }

  /** Whether the subject of a node matches; the table must be the same one each time. */
  matches(table: SubjectTable, node: number): boolean {
    if (this.isAll) return true;
    if (table !== this.table || table.epoch !== this.epoch) this.forget(table);
    const known = node >>> 2 < this.known.length ? (this.known[node >>> 2]! >>> (2 * (node & 3))) & 3 : UNKNOWN;
    return known === UNKNOWN ? this.find(table, node) : known === YES;
  }

  /** The node of the only literal. */
  literalNode(table: SubjectTable): number {
    return table.find(this.literalBytes, 0, this.literalBytes.length);
  }

  private find(table: SubjectTable, node: number): boolean {
    const isMatch = this.isReached(table, node);
    if (node >>> 2 >= this.known.length) this.grow(node, table.nodes.length);
    this.known[node >>> 2]! |= (isMatch ? YES : NO) << (2 * (node & 3));
    return isMatch;
  }

  private isReached(table: SubjectTable, node: number): boolean {
    const above = this.reachedAt(table, table.parentOf(node));
    if (above === null) return true;
    let token: string | null = null;
    for (const { star, literals } of above) {
      if (star?.isEnd === true) return true;
      if (literals.size === 0) continue;
      token ??= table.tokenOf(node);
      if (literals.get(token)?.isEnd === true) return true;
    }
    return false;
  }

  private reachedAt(table: SubjectTable, node: number): readonly FilterNode[] | null {
    if (node === ROOT) return this.root.hasRest ? null : [this.root];
    const known = this.reached.get(node);
    if (known !== undefined) return known;
    const above = this.reachedAt(table, table.parentOf(node));
    const found = above === null || above.length === 0 ? above : stepped(above, table.tokenOf(node));
    if (this.reached.size >= REACHED_MAX) this.reached.clear();
    this.reached.set(node, found);
    return found;
  }

  private grow(node: number, nodes: number): void {
    const known = new Uint8Array(Math.min(Math.max((node >>> 2) + 1, 2 * this.known.length), (nodes >>> 2) + 1));
    known.set(this.known);
    this.known = known;
  }

  private forget(table: SubjectTable): void {
    this.table = table;
    this.epoch = table.epoch;
    this.known = NOTHING;
    this.reached.clear();
  }
}

/** Where filters stand one token on; null where all that follows matches. */
function stepped(filters: readonly FilterNode[], token: string): readonly FilterNode[] | null {
  const next: FilterNode[] = [];
  for (const { star, literals } of filters) {
    const literal = literals.get(token);
    if (star !== null) next.push(star);
    if (literal !== undefined) next.push(literal);
  }
  if (next.some(({ hasRest }) => hasRest)) return null;
  return next.length === 0 ? NONE : next;
}

function addFilter(root: FilterNode, filter: string): void {
  let node = root;
  for (const token of filter.split('.')) {
    if (token === '>') {
      node.hasRest = true;
      return;
    }
    node = token === '*' ? starOf(node) : literalOf(node, token);
  }
  node.isEnd = true;
}

function starOf(node: FilterNode): FilterNode {
  node.star ??= new FilterNode();
  return node.star;
}

function literalOf(node: FilterNode, token: string): FilterNode {
  const known = node.literals.get(token);
  if (known !== undefined) return known;
  const made = new FilterNode();
  node.literals.set(token, made);
  return made;
}

function reaches(node: FilterNode, tokens: readonly string[], depth: number): boolean {
  if (depth === tokens.length) return node.isEnd;
  if (node.hasRest) return true;
  const literal = node.literals.get(tokens[depth]!);
  if (literal !== undefined && reaches(literal, tokens, depth + 1)) return true;
  return node.star !== null && reaches(node.star, tokens, depth + 1);
}

function hasWildcard(filter: string): boolean {
  return filter.split('.').some((token) => token === '*' || token === '>');
}

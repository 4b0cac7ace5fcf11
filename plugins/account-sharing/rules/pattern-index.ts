/** Values by pattern, found by what their patterns have in common with another pattern. */
import { collide } from '../../../kernel/plugin-api.ts';

class Branch<V> {
  readonly children = new Map<string, Branch<V>>();
  readonly values = new Set<V>();
}

interface Entry<V> {
  readonly pattern: string;
  readonly value: V;
}

/** So many are gone through one by one: most accounts have no more, and a tree takes memory. */
const FEW_MAX = 8;

export class PatternIndex<V> {
  private few: Entry<V>[] = [];
  /** Null as long as there never were more than a few. */
  private root: Branch<V> | null = null;

  get isEmpty(): boolean {
    return this.root === null ? this.few.length === 0 : this.root.children.size === 0;
  }

  add(pattern: string, value: V): void {
    if (this.root === null && this.few.length < FEW_MAX) this.few.push({ pattern, value });
    else plant(this.tree(), pattern, value);
  }

  remove(pattern: string, value: V): void {
    if (this.root !== null) take(this.root, pattern.split('.'), 0, value);
    else this.few = this.few.filter((entry) => entry.value !== value || entry.pattern !== pattern);
  }

  /** All whose pattern matches some literal subject that the given one matches too. */
  colliding(pattern: string): V[] {
    const found: V[] = [];
    if (this.root !== null) collect(this.root, pattern.split('.'), 0, found);
    else for (const entry of this.few) if (collide(entry.pattern, pattern)) found.push(entry.value);
    return found;
  }

  private tree(): Branch<V> {
    if (this.root !== null) return this.root;
    this.root = new Branch();
    for (const { pattern, value } of this.few) plant(this.root, pattern, value);
    this.few = [];
    return this.root;
  }
}

function plant<V>(root: Branch<V>, pattern: string, value: V): void {
  let branch = root;
  for (const token of pattern.split('.')) {
    const child = branch.children.get(token) ?? new Branch<V>();
    branch.children.set(token, child);
    branch = child;
  }
  branch.values.add(value);
}

function collect<V>(branch: Branch<V>, tokens: readonly string[], at: number, found: V[]): void {
  if (at === tokens.length) {
    found.push(...branch.values);
    return;
  }
  const token = tokens[at] as string;
  if (token === '>') {
    for (const child of branch.children.values()) collectAll(child, found);
    return;
  }
  for (const name of token === '*' ? [...branch.children.keys()] : new Set([token, '*', '>'])) {
    const child = branch.children.get(name);
    if (child === undefined) continue;
    if (name === '>') found.push(...child.values);
    else collect(child, tokens, at + 1, found);
  }
}

function collectAll<V>(branch: Branch<V>, found: V[]): void {
  found.push(...branch.values);
  for (const child of branch.children.values()) collectAll(child, found);
}

/** Answers whether nothing is left of the branch. */
function take<V>(branch: Branch<V>, tokens: readonly string[], at: number, value: V): boolean {
  if (at === tokens.length) branch.values.delete(value);
  else {
    const token = tokens[at] as string;
    const child = branch.children.get(token);
    if (child !== undefined && take(child, tokens, at + 1, value)) branch.children.delete(token);
  }
  return branch.values.size === 0 && branch.children.size === 0;
}

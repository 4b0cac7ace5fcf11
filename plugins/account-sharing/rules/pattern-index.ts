/** Values by pattern, found by what their patterns have in common with another pattern. */

class Branch<V> {
  readonly children = new Map<string, Branch<V>>();
  readonly values = new Set<V>();
}

export class PatternIndex<V> {
  private readonly root = new Branch<V>();

  get isEmpty(): boolean {
    return this.root.children.size === 0;
  }

  add(pattern: string, value: V): void {
    let branch = this.root;
    for (const token of pattern.split('.')) {
      const child = branch.children.get(token) ?? new Branch<V>();
      branch.children.set(token, child);
      branch = child;
    }
    branch.values.add(value);
  }

  remove(pattern: string, value: V): void {
    take(this.root, pattern.split('.'), 0, value);
  }

  /** All whose pattern matches some literal subject that the given one matches too. */
  colliding(pattern: string): V[] {
    const found: V[] = [];
    collect(this.root, pattern.split('.'), 0, found);
    return found;
  }
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

/** A line of waiting things in which everybody who has some gets a turn before anybody gets another. */
export class FairLine<T> {
  private readonly lines = new Map<string, T[]>();

  add(owner: string, item: T): void {
    const line = this.lines.get(owner);
    if (line === undefined) this.lines.set(owner, [item]);
    else line.push(item);
  }

  next(): T | undefined {
    const [first] = this.lines;
    if (first === undefined) return undefined;
    const [owner, line] = first;
    const item = line.shift();
    this.lines.delete(owner);
    // Behind all others.
    if (line.length > 0) this.lines.set(owner, line);
    return item;
  }

  /** The latest of whoever has the most. */
  dropOne(): T | undefined {
    let longest: T[] = [];
    for (const line of this.lines.values()) if (line.length >= longest.length) longest = line;
    const item = longest.pop();
    for (const [owner, line] of this.lines) if (line.length === 0) this.lines.delete(owner);
    return item;
  }
}

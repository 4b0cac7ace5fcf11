/** What `node --trace-gc` prints, one line for each collection. */

export interface Collection {
  isMajor: boolean;
  /** Megabytes in use afterwards. */
  heapAfter: number;
  pauseMs: number;
}

const LINE = /(Scavenge|Mark-Compact|Mark-sweep).*?[\d.]+ \([\d.]+\) -> ([\d.]+) \([\d.]+\) MB,.*? ([\d.]+) \//;

export class GcLog {
  readonly collections: Collection[] = [];
  #rest = '';

  add(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#addLine(line);
  }

  #addLine(line: string): void {
    const match = LINE.exec(line);
    if (match === null) return;
    const isMajor = match[1] !== 'Scavenge' && !line.includes('Minor');
    this.collections.push({ isMajor, heapAfter: Number(match[2]), pauseMs: Number(match[3]) });
  }
}

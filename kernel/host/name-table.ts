/** Things found by name, each with the plugin it came from: HTTP endpoints, wire verbs. */

export interface Registered<Value> {
  readonly name: string;
  readonly plugin: string;
  readonly value: Value;
}

export class NameTable<Value> {
  readonly #entries = new Map<string, Registered<Value>>();
  /** Goes up with every change, so that whoever compiled a table knows when to do it again. */
  generation = 0;

  /** Answers null when the name is taken. */
  add(name: string, plugin: string, value: Value): (() => void) | null {
    if (this.#entries.has(name)) return null;
    const entry = { name, plugin, value };
    this.#entries.set(name, entry);
    this.generation++;
    return () => {
      if (this.#entries.get(name) !== entry) return;
      this.#entries.delete(name);
      this.generation++;
    };
  }

  get(name: string): Registered<Value> | undefined {
    return this.#entries.get(name);
  }

  entries(): readonly Registered<Value>[] {
    return [...this.#entries.values()];
  }
}

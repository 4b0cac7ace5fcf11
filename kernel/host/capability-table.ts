/** The capabilities that running plugins provide to each other. */
import { STAGES, type Stage } from '../hooks/tap.ts';

export interface ProvidedCapability<Value> {
  readonly plugin: string;
  /** Empty unless the capability is named. */
  readonly id: string;
  readonly value: Value;
}

interface Entry extends ProvidedCapability<unknown> {
  readonly order: Stage;
  readonly rank: number;
  readonly sequence: number;
}

export class CapabilityTable {
  readonly #entries = new Map<string, Entry[]>();
  #sequence = 0;

  /** Answers null when that plugin provides that very capability already. */
  provide(
    name: string,
    value: unknown,
    by: { plugin: string; rank: number },
    options: { id?: string; order?: Stage },
  ): (() => void) | null {
    const { id = '', order = 'normal' } = options;
    const present = this.#entries.get(name) ?? [];
    if (present.some((other) => other.plugin === by.plugin && other.id === id)) return null;
    const entry: Entry = { plugin: by.plugin, rank: by.rank, id, value, order, sequence: this.#sequence++ };
    this.#entries.set(name, [...present, entry].sort(inChainOrder));
    return () => this.#remove(name, entry);
  }

  find(name: string, id?: string): Entry | undefined {
    const entries = this.#entries.get(name) ?? [];
    return id === undefined ? entries[0] : entries.find((entry) => entry.id === id);
  }

  all(name: string): readonly ProvidedCapability<unknown>[] {
    return (this.#entries.get(name) ?? []).map(({ plugin, id, value }) => ({ plugin, id, value }));
  }

  isProvidedBy(plugin: string, name: string, id?: string): boolean {
    const entries = this.#entries.get(name) ?? [];
    return entries.some((entry) => entry.plugin === plugin && (id === undefined || entry.id === id));
  }

  /** Everything a plugin provides, as text: for descriptions and for tests of what is left behind. */
  providedBy(plugin: string): string[] {
    const names: string[] = [];
    for (const [name, entries] of this.#entries) {
      for (const entry of entries)
        if (entry.plugin === plugin) names.push(entry.id === '' ? name : `${name}/${entry.id}`);
    }
    return names;
  }

  #remove(name: string, entry: Entry): void {
    const left = (this.#entries.get(name) ?? []).filter((other) => other !== entry);
    if (left.length === 0) this.#entries.delete(name);
    else this.#entries.set(name, left);
  }
}

function inChainOrder(left: Entry, right: Entry): number {
  const stages = STAGES.indexOf(left.order) - STAGES.indexOf(right.order);
  return stages || left.rank - right.rank || left.sequence - right.sequence;
}

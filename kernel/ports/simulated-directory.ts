/** The names of a simulated disk: a tree whose changes are safe only once the directory they are in was synced. */
import { SimulatedInode, type Unsynced } from './simulated-file.ts';

export type Entry = SimulatedInode | SimulatedDirectory;

export class SimulatedDirectory {
  readonly current = new Map<string, Entry>();
  durable = new Map<string, Entry>();

  /** Programs see what is safe, and nothing else. */
  restart(): void {
    this.current.clear();
    for (const [name, entry] of this.durable) {
      entry.restart();
      this.current.set(name, entry);
    }
  }
}

/** A name in a directory, and what it stands for from now on. */
interface NameChange {
  readonly directory: SimulatedDirectory;
  readonly name: string;
  readonly entry: Entry | null;
}

/** Changes of names that happen together, as a rename does. */
class PendingNames implements Unsynced {
  readonly order: number;
  readonly parts = 1;
  readonly changes: readonly NameChange[];

  constructor(order: number, changes: readonly NameChange[]) {
    this.order = order;
    this.changes = changes;
  }

  keep(): void {
    for (const { directory, name, entry } of this.changes) put(directory.durable, name, entry);
  }
}

export class NameTree {
  readonly root = new SimulatedDirectory();
  pending: PendingNames[] = [];

  find(path: string): Entry | null {
    let entry: Entry = this.root;
    for (const name of namesOf(path)) {
      const next: Entry | undefined = entry instanceof SimulatedDirectory ? entry.current.get(name) : undefined;
      if (next === undefined) return null;
      entry = next;
    }
    return entry;
  }

  file(path: string): SimulatedInode | null {
    const entry = this.find(path);
    return entry instanceof SimulatedInode ? entry : null;
  }

  directory(path: string): SimulatedDirectory | null {
    const entry = this.find(path);
    return entry instanceof SimulatedDirectory ? entry : null;
  }

  /** The directory a path is in, and the name it has there. */
  place(path: string): { directory: SimulatedDirectory; name: string } | null {
    const names = namesOf(path);
    const name = names.pop();
    const directory = this.directory(`/${names.join('/')}`);
    return name === undefined || directory === null ? null : { directory, name };
  }

  change(order: number, changes: readonly NameChange[]): void {
    for (const { directory, name, entry } of changes) put(directory.current, name, entry);
    this.pending.push(new PendingNames(order, changes));
  }

  sync(directory: SimulatedDirectory): void {
    const concerns = (item: PendingNames) => item.changes.some((change) => change.directory === directory);
    for (const item of this.pending) if (concerns(item)) item.keep();
    this.pending = this.pending.filter((item) => !concerns(item));
  }

  restart(): void {
    this.pending = [];
    this.root.restart();
  }

  /** Every file with its path. */
  *files(directory = this.root, prefix = ''): Generator<[string, SimulatedInode], void, void> {
    for (const [name, entry] of directory.current) {
      if (entry instanceof SimulatedInode) yield [`${prefix}/${name}`, entry];
      else yield* this.files(entry, `${prefix}/${name}`);
    }
  }
}

function put(names: Map<string, Entry>, name: string, entry: Entry | null): void {
  if (entry === null) names.delete(name);
  else names.set(name, entry);
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

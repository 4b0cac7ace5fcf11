/** What servers of the cluster tell each other in INFO for other plugins. */
import type { ClusterNotes } from './contract.ts';

/** Where the notes of the others stand, and how they hear of this server's. */
export interface NoteBoard {
  readonly others: Iterable<Readonly<Record<string, unknown>>>;
  announce(): void;
}

export class Notes implements ClusterNotes {
  /** This server's, as they go into INFO. */
  own: Readonly<Record<string, unknown>> = {};
  /** Null while there are no other servers to tell. */
  board: NoteBoard | null = null;
  private readonly followers = new Set<() => void>();

  write(key: string, value: unknown): void {
    if (JSON.stringify(this.own[key]) === JSON.stringify(value)) return;
    this.own = { ...this.own, [key]: value };
    this.board?.announce();
  }

  read(key: string): readonly unknown[] {
    return [...(this.board?.others ?? [])].map((said) => said[key]).filter((value) => value !== undefined);
  }

  follow(changed: () => void): () => void {
    this.followers.add(changed);
    return () => void this.followers.delete(changed);
  }

  changed(): void {
    for (const tell of this.followers) tell();
  }
}

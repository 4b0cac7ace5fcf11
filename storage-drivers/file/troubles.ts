/** What keeps the driver from writing. */
import type { StorageTrouble } from '../contract.ts';
import type { JournalEvents } from './journal/journal.ts';

export class Troubles {
  listener: ((trouble: StorageTrouble | null) => void) | null = null;
  private readonly causes: Record<StorageTrouble['kind'], Error | null> = { full: null, failed: null };
  private told: StorageTrouble | null = null;

  get worst(): StorageTrouble | null {
    const { full, failed } = this.causes;
    if (failed !== null) return { kind: 'failed', error: failed };
    return full === null ? null : { kind: 'full', error: full };
  }

  /** Events of the journal pass here on their way. */
  watching(events: () => JournalEvents): JournalEvents {
    return {
      room: (cause) => {
        events().room(cause);
        this.set('full', cause);
      },
      trouble: (cause) => {
        events().trouble(cause);
        this.set('failed', cause);
      },
    };
  }

  /** Null: that is over. The same again is no news. */
  private set(kind: StorageTrouble['kind'], cause: Error | null): void {
    this.causes[kind] = cause;
    const { worst, told } = this;
    if (worst?.kind === told?.kind) return;
    this.told = worst;
    this.listener?.(worst);
  }
}

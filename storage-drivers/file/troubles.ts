/** What keeps the driver from writing. */
import type { StorageTrouble } from '../contract.ts';

export class Troubles {
  listener: ((trouble: StorageTrouble | null) => void) | null = null;
  private readonly causes: Record<StorageTrouble['kind'], Error | null> = { full: null, failed: null };
  private told: StorageTrouble | null = null;

  get worst(): StorageTrouble | null {
    const { full, failed } = this.causes;
    if (failed !== null) return { kind: 'failed', error: failed };
    return full === null ? null : { kind: 'full', error: full };
  }

  /** Null: that is over. The same again is no news. */
  set(kind: StorageTrouble['kind'], cause: Error | null): void {
    this.causes[kind] = cause;
    const { worst, told } = this;
    if (worst?.kind === told?.kind) return;
    this.told = worst;
    this.listener?.(worst);
  }
}

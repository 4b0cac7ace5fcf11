/** What is taken of what may be taken, kept as messages come and go. */
import type { TierLimits } from '../../../protocols/jetstream/account-limits.ts';

export class Usage {
  memory = 0;
  file = 0;
  /** What this one is a part of. */
  private readonly whole: Usage | null;

  constructor(whole: Usage | null = null) {
    this.whole = whole;
  }

  add(storage: 'file' | 'memory', bytes: number): void {
    this[storage] += bytes;
    if (this.whole !== null) this.whole[storage] += bytes;
  }
}

/** Whether so many bytes more are too many. */
export function exceeds(limits: TierLimits, usage: Usage, storage: 'file' | 'memory', more: number): boolean {
  const cap = storage === 'memory' ? limits.maxMemory : limits.maxStorage;
  return cap >= 0 && usage[storage] + more > cap;
}

/** What an account takes of what it may take, kept as messages come and go. */
import type { TierLimits } from '../../../protocols/jetstream/account-limits.ts';

export class Usage {
  memory = 0;
  file = 0;
  /** What all accounts use together. */
  private readonly whole: Usage | null;

  constructor(whole: Usage | null = null) {
    this.whole = whole;
  }

  add(storage: 'file' | 'memory', bytes: number): void {
    this[storage] += bytes;
    this.whole?.add(storage, bytes);
  }
}

/** Whether so many bytes more are too many. */
export function exceeds(limits: TierLimits, usage: Usage, storage: 'file' | 'memory', more: number): boolean {
  const cap = storage === 'memory' ? limits.maxMemory : limits.maxStorage;
  return cap >= 0 && usage[storage] + more > cap;
}

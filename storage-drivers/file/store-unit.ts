/** What is written together: how the store was before, and what is done with the commit. */
import type { CellChange } from './file-cells.ts';
import { Op } from './op-format.ts';

export interface Removal {
  readonly type: typeof Op.remove | typeof Op.erase | typeof Op.drop | typeof Op.advance;
  readonly from: number;
  readonly to: number;
}

/** What comes later under a sequence that is erased is not meant, even if it is removed before the rest is destroyed. */
export function bounded(removal: Removal, last: number): Removal {
  if (removal.type !== Op.erase || removal.to <= last) return removal;
  return removal.from > last ? { ...removal, type: Op.remove } : { ...removal, to: last };
}

type Staged =
  | { readonly removal: Removal; readonly cell: null }
  | { readonly removal: null; readonly cell: CellChange };

/** What a unit that is given up puts back. */
interface Place {
  first: number;
  last: number;
  serial: number;
  lastSeconds: number;
  lastNanos: number;
}

export class StoreUnit {
  isOpen = false;
  /** Why one of its writes was refused; 0 as long as none was. */
  refusal = 0;
  readonly staged: Staged[] = [];
  readonly before: Place = { first: 0, last: 0, serial: 0, lastSeconds: 0, lastNanos: 0 };

  begin({ first, last, serial, lastSeconds, lastNanos }: Place): void {
    if (this.isOpen) throw new Error('units do not nest');
    this.isOpen = true;
    this.refusal = 0;
    Object.assign(this.before, { first, last, serial, lastSeconds, lastNanos });
  }

  end(what: string): void {
    if (!this.isOpen) throw new Error(`${what} without begin`);
    this.isOpen = false;
  }
}

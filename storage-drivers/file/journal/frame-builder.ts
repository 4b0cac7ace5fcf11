/** A frame that is being filled: records stand one after the other where they will be written from. */
import { viewOf } from '../numbers.ts';
import { FRAME_TRAILER_BYTES, headBytes, SECTOR_BYTES, TAG_BYTES } from './frame-format.ts';
import type { JournalStore } from './journal-store.ts';
import { RECORD_HEADER_BYTES, REFERS, writeRecordHeader } from './record-format.ts';

const STORES_AT_FIRST = 64;
/** Room behind the body for what ends a frame. */
const END_BYTES = TAG_BYTES + FRAME_TRAILER_BYTES + SECTOR_BYTES;

export class FrameBuilder {
  /** The body; records go here. */
  bytes: Uint8Array;
  view: DataView;
  /** Where the next record goes. */
  length = 0;
  recordCount = 0;
  /** Some of its records speak of what is in other files. */
  refers = false;
  /** Header and list of stores, once the frame is closed. */
  head: Uint8Array;
  headView: DataView;
  storeCount = 0;
  storeIds = new Uint32Array(STORES_AT_FIRST);
  stores: JournalStore[] = [];
  /** The newest ticket of each store here, and how many bytes it has. */
  tickets = new Float64Array(STORES_AT_FIRST);
  storeBytes = new Float64Array(STORES_AT_FIRST);
  /** Tells one filling of this builder from another. */
  serial = 0;
  /** So many frames of the normal lane must be written first. */
  barrier = 0;
  readonly ordinaryBytes: number;
  private readonly ordinary: Uint8Array;
  private readonly ordinaryView: DataView;
  private readonly mark = { length: 0, recordCount: 0, storeCount: 0, ticket: 0 };

  constructor(ordinaryBytes: number) {
    this.ordinaryBytes = ordinaryBytes;
    this.ordinary = Buffer.allocUnsafeSlow(ordinaryBytes + END_BYTES);
    this.ordinaryView = viewOf(this.ordinary);
    this.bytes = this.ordinary;
    this.view = this.ordinaryView;
    this.head = new Uint8Array(headBytes(STORES_AT_FIRST));
    this.headView = viewOf(this.head);
  }

  /** Empty again, for the filling with the given serial number. */
  reset(serial: number): void {
    this.length = 0;
    this.recordCount = 0;
    this.storeCount = 0;
    this.stores.length = 0;
    this.serial = serial;
    this.barrier = 0;
    this.refers = false;
    this.shrink();
  }

  /** The memory of a giant is let go of, and never used here again: it may be somebody else's by now. */
  shrink(): void {
    this.bytes = this.ordinary;
    this.view = this.ordinaryView;
  }

  get isGiant(): boolean {
    return this.bytes !== this.ordinary;
  }

  /** Whether a record with so much data still belongs in here. */
  fits(dataLength: number): boolean {
    return this.length === 0 || this.length + RECORD_HEADER_BYTES + dataLength <= this.ordinaryBytes;
  }

  /** Makes sure that a record with so much data has its place; answers where the data goes. */
  open(dataLength: number): number {
    const end = this.length + RECORD_HEADER_BYTES + dataLength + END_BYTES;
    if (end > this.bytes.length) this.grow(end);
    return this.length + RECORD_HEADER_BYTES;
  }

  /** The data is there. */
  close(store: JournalStore, type: number, dataLength: number, ticket: number): void {
    writeRecordHeader(this.bytes, this.view, this.length, dataLength, store.id, type);
    if ((type & REFERS) !== 0) this.refers = true;
    const size = RECORD_HEADER_BYTES + dataLength;
    if (store.frameSerial !== this.serial) this.addStore(store);
    const slot = store.frameSlot;
    this.tickets[slot] = ticket;
    this.storeBytes[slot]! += size;
    this.length += size;
    this.recordCount++;
  }

  /** The place to come back to, for one store that is going to write several records or none. */
  setMark(store: JournalStore): void {
    const isHere = store.frameSerial === this.serial;
    const { mark } = this;
    mark.length = this.length;
    mark.recordCount = this.recordCount;
    mark.storeCount = this.storeCount;
    mark.ticket = isHere ? this.tickets[store.frameSlot]! : 0;
  }

  get hasGrown(): boolean {
    return this.length > this.mark.length;
  }

  backToMark(store: JournalStore): { records: number; bytes: number } {
    const { mark } = this;
    const bytes = this.length - mark.length;
    const records = this.recordCount - mark.recordCount;
    this.length = mark.length;
    this.recordCount = mark.recordCount;
    if (this.storeCount > mark.storeCount) {
      this.storeCount = mark.storeCount;
      this.stores.length = mark.storeCount;
      store.frameSerial = -1;
    } else if (records > 0) {
      this.tickets[store.frameSlot] = mark.ticket;
      this.storeBytes[store.frameSlot]! -= bytes;
    }
    return { records, bytes };
  }

  private addStore(store: JournalStore): void {
    if (this.storeCount === this.storeIds.length) this.growStores();
    const slot = this.storeCount++;
    store.frameSerial = this.serial;
    store.frameSlot = slot;
    this.storeIds[slot] = store.id;
    this.storeBytes[slot] = 0;
    this.stores.push(store);
  }

  private growStores(): void {
    const count = this.storeIds.length * 2;
    const grown = <T extends Uint32Array | Float64Array>(old: T, next: T): T => {
      next.set(old);
      return next;
    };
    this.storeIds = grown(this.storeIds, new Uint32Array(count));
    this.tickets = grown(this.tickets, new Float64Array(count));
    this.storeBytes = grown(this.storeBytes, new Float64Array(count));
    this.head = new Uint8Array(headBytes(count));
    this.headView = viewOf(this.head);
  }

  private grow(least: number): void {
    // A single one gets what it needs; a group of many grows faster than that.
    const next = Buffer.allocUnsafeSlow(this.length === 0 ? least : Math.max(least, this.bytes.length * 2));
    next.set(this.bytes.subarray(0, this.length));
    this.bytes = next;
    this.view = viewOf(next);
  }
}

/**
 * From hashes to numbers, in pages that are divided one at a time as they fill: a million entries more never cost more
 * than the division of one page. Deleting leaves no marks behind.
 *
 * Two numbers a slot: the hash, which was spread, and the value, which is never 0. Whoever asks looks at all values with the hash.
 */
const FIRST_SLOTS = 16;
const PAGE_SLOTS_MAX = 8192;
/** The directory doubles only while pages are filled like this on average: many equal hashes cannot make it explode. */
const ENTRIES_PER_PAGE_MIN = 1024;

interface Page {
  /** How many leading bits all its hashes share. */
  depth: number;
  count: number;
  slots: Int32Array;
}

export class HashPages {
  count = 0;
  private depth = 0;
  private directory: Page[] = [newPage(0)];

  /** The first value with this hash that the caller accepts, 0 when there is none. */
  find(hash: number, isIt: (value: number) => boolean): number {
    const { slots } = this.pageOf(hash);
    const mask = slots.length / 2 - 1;
    for (let slot = hash & mask; slots[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
      const value = slots[2 * slot + 1]!;
      if (slots[2 * slot] === hash && isIt(value)) return value;
    }
    return 0;
  }

  /** For walks without a closure: the slots of the page to look in, from `hash & (length / 2 - 1)` to the first 0. */
  slotsOf(hash: number): Int32Array {
    return this.pageOf(hash).slots;
  }

  add(hash: number, value: number): void {
    let page = this.pageOf(hash);
    while (4 * (page.count + 1) > 3 * (page.slots.length / 2)) {
      this.enlarge(page);
      page = this.pageOf(hash);
    }
    place(page, hash, value);
    this.count++;
  }

  delete(hash: number, value: number): void {
    const page = this.pageOf(hash);
    const { slots } = page;
    const mask = slots.length / 2 - 1;
    let slot = hash & mask;
    while (slots[2 * slot + 1] !== value) {
      if (slots[2 * slot + 1] === 0) return;
      slot = (slot + 1) & mask;
    }
    closeUp(slots, mask, slot);
    page.count--;
    this.count--;
  }

  private pageOf(hash: number): Page {
    return this.directory[this.depth === 0 ? 0 : hash >>> (32 - this.depth)]!;
  }

  private enlarge(page: Page): void {
    const isSmall = page.slots.length / 2 < PAGE_SLOTS_MAX;
    const mayDouble = page.depth < this.depth || this.count >= this.directory.length * ENTRIES_PER_PAGE_MIN;
    if (isSmall || !mayDouble) {
      refill(page, page.slots.length);
      return;
    }
    if (page.depth === this.depth) this.doubleDirectory();
    this.divide(page);
  }

  private doubleDirectory(): void {
    const doubled: Page[] = new Array(this.directory.length * 2);
    for (let index = 0; index < doubled.length; index++) doubled[index] = this.directory[index >>> 1]!;
    this.directory = doubled;
    this.depth++;
  }

  private divide(page: Page): void {
    const depth = page.depth + 1;
    const halves = [newPage(depth, page.slots.length / 2), newPage(depth, page.slots.length / 2)];
    for (let at = 0; at < page.slots.length; at += 2) {
      if (page.slots[at + 1] === 0) continue;
      const half = halves[(page.slots[at]! >>> (32 - depth)) & 1]!;
      place(half, page.slots[at]!, page.slots[at + 1]!);
    }
    const shift = this.depth - depth;
    for (let index = 0; index < this.directory.length; index++) {
      if (this.directory[index] === page) this.directory[index] = halves[(index >>> shift) & 1]!;
    }
  }
}

function newPage(depth: number, slots = FIRST_SLOTS): Page {
  return { depth, count: 0, slots: new Int32Array(2 * slots) };
}

function place(page: Page, hash: number, value: number): void {
  const mask = page.slots.length / 2 - 1;
  let slot = hash & mask;
  while (page.slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
  page.slots[2 * slot] = hash;
  page.slots[2 * slot + 1] = value;
  page.count++;
}

function refill(page: Page, slotCount: number): void {
  const before = page.slots;
  page.slots = new Int32Array(2 * slotCount);
  page.count = 0;
  for (let at = 0; at < before.length; at += 2) if (before[at + 1] !== 0) place(page, before[at]!, before[at + 1]!);
}

/** Moves up what would not be found any more with a hole in the way. */
function closeUp(slots: Int32Array, mask: number, from: number): void {
  let hole = from;
  for (let slot = (hole + 1) & mask; slots[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
    const home = slots[2 * slot]! & mask;
    if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
    slots[2 * hole] = slots[2 * slot]!;
    slots[2 * hole + 1] = slots[2 * slot + 1]!;
    hole = slot;
  }
  slots[2 * hole] = 0;
  slots[2 * hole + 1] = 0;
}

/** The upper bits choose the page and the lower ones the slot: of a hash that is made byte by byte all have to depend on all. */
export function spread(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}

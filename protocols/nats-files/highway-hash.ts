/**
 * HighwayHash with 64 bits, the checksum in files of nats-server. Numbers of 64 bits are two halves of 32, since the engine is fast
 * with these. (published: google/highwayhash, "SipHash-like keyed hash")
 */

/** Four lanes each of v0, v1, mul0 and mul1; the low half of a lane, then the high one. */
const V0 = 0;
const V1 = 8;
const MUL0 = 16;
const MUL1 = 24;

const FIRST_MUL0 = [
  0xfe4cce2f, 0xdbe6d5d5, 0x299f31d0, 0xa4093822, 0x03707344, 0x13198a2e, 0x85a308d3, 0x243f6a88,
] as const;
const FIRST_MUL1 = [
  0xcb0ef593, 0x3bd39e10, 0xb5f18a8c, 0xc0acf169, 0x34e90c6c, 0xbe5466cf, 0x38d01377, 0x452821e6,
] as const;

const PACKET_BYTES = 32;
const ROUNDS_AT_END = 4;
export const KEY_BYTES = 32;

export class HighwayHash {
  /** What `digest` found. */
  low = 0;
  high = 0;
  private readonly initial = new Int32Array(32);
  private readonly state = new Int32Array(32);
  /** The packet that is mixed in. */
  private readonly lanes = new Int32Array(8);
  private readonly rest = new Uint8Array(PACKET_BYTES);
  private readonly restView = new DataView(this.rest.buffer);

  constructor(key: Uint8Array) {
    if (key.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes, not ${key.length}`);
    const view = new DataView(key.buffer, key.byteOffset, KEY_BYTES);
    for (let half = 0; half < 8; half++) {
      const [mul0, mul1] = [FIRST_MUL0[half]!, FIRST_MUL1[half]!];
      this.initial[MUL0 + half] = mul0;
      this.initial[MUL1 + half] = mul1;
      this.initial[V0 + half] = mul0 ^ view.getInt32(4 * half, true);
      // The halves of the key change places.
      this.initial[V1 + half] = mul1 ^ view.getInt32(4 * (half ^ 1), true);
    }
  }

  /** Of [start, end); the answer is in `low` and `high`. */
  digest(bytes: Uint8Array, start: number, end: number): void {
    const { state, lanes } = this;
    state.set(this.initial);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = start;
    for (; at + PACKET_BYTES <= end; at += PACKET_BYTES) {
      for (let half = 0; half < 8; half++) lanes[half] = view.getInt32(at + 4 * half, true);
      mix(state, lanes);
    }
    if (at < end) this.takeRest(bytes, at, end - at);
    for (let round = 0; round < ROUNDS_AT_END; round++) {
      // Lanes 2, 3, 0 and 1, with their halves exchanged.
      for (let half = 0; half < 8; half++) lanes[half] = state[V0 + ((half ^ 1 ^ 4) & 7)]!;
      mix(state, lanes);
    }
    this.finish();
  }

  /** Whether the eight bytes from `at` on are the digest. */
  isAt(bytes: Uint8Array, at: number): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return view.getInt32(at, true) === this.low && view.getInt32(at + 4, true) === this.high;
  }

  /** Writes the digest as eight bytes. */
  writeTo(bytes: Uint8Array, at: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    view.setInt32(at, this.low, true);
    view.setInt32(at + 4, this.high, true);
  }

  /** Less than a packet: its length counts too, and where its last bytes go depends on it. */
  private takeRest(bytes: Uint8Array, start: number, length: number): void {
    const { state, lanes, rest, restView } = this;
    for (let lane = 0; lane < 4; lane++) {
      addTo(state, V0 + 2 * lane, length, length);
      for (let half = V1 + 2 * lane; half < V1 + 2 * lane + 2; half++) {
        state[half] = (state[half]! << length) | (state[half]! >>> (32 - length));
      }
    }
    const whole = length & ~3;
    const over = length & 3;
    for (let index = 0; index < PACKET_BYTES; index++) rest[index] = index < whole ? bytes[start + index]! : 0;
    if ((length & 16) !== 0) {
      for (let index = 28; index < PACKET_BYTES; index++) rest[index] = bytes[start + length - PACKET_BYTES + index]!;
    } else if (over !== 0) {
      rest[16] = bytes[start + whole]!;
      rest[17] = bytes[start + whole + (over >>> 1)]!;
      rest[18] = bytes[start + length - 1]!;
    }
    for (let half = 0; half < 8; half++) lanes[half] = restView.getInt32(4 * half, true);
    mix(state, lanes);
  }

  /** The first lanes together. */
  private finish(): void {
    const { state } = this;
    addTo(state, V0, state[V1]!, state[V1 + 1]!);
    addTo(state, V0, state[MUL0]!, state[MUL0 + 1]!);
    addTo(state, V0, state[MUL1]!, state[MUL1 + 1]!);
    this.low = state[V0]!;
    this.high = state[V0 + 1]!;
  }
}

function addTo(state: Int32Array, at: number, low: number, high: number): void {
  const sum = (state[at]! + low) | 0;
  const carry = sum >>> 0 < low >>> 0 ? 1 : 0;
  state[at] = sum;
  state[at + 1] = (state[at + 1]! + high + carry) | 0;
}

function mix(state: Int32Array, lanes: Int32Array): void {
  for (let lane = 0; lane < 8; lane += 2) {
    addTo(state, V1 + lane, lanes[lane]!, lanes[lane + 1]!);
    addTo(state, V1 + lane, state[MUL0 + lane]!, state[MUL0 + lane + 1]!);
    multiplyInto(state, MUL0 + lane, state[V1 + lane]!, state[V0 + lane + 1]!);
    addTo(state, V0 + lane, state[MUL1 + lane]!, state[MUL1 + lane + 1]!);
    multiplyInto(state, MUL1 + lane, state[V0 + lane]!, state[V1 + lane + 1]!);
  }
  zip(state, V1, V0);
  zip(state, V1 + 4, V0 + 4);
  zip(state, V0, V1);
  zip(state, V0 + 4, V1 + 4);
}

/** The product of two halves, all 64 bits of it, is laid over a lane. */
function multiplyInto(state: Int32Array, at: number, left: number, right: number): void {
  const leftLow = left & 0xffff;
  const leftHigh = left >>> 16;
  const rightLow = right & 0xffff;
  const rightHigh = right >>> 16;
  const middle = (Math.imul(leftHigh, rightLow) + (Math.imul(leftLow, rightLow) >>> 16)) | 0;
  const other = (Math.imul(leftLow, rightHigh) + (middle & 0xffff)) | 0;
  const high = (Math.imul(leftHigh, rightHigh) + (middle >>> 16) + (other >>> 16)) | 0;
  state[at] = state[at]! ^ Math.imul(left, right);
  state[at + 1] = state[at + 1]! ^ high;
}

/** The bytes of two lanes from `from` on, in another order, are added to the two from `to` on. */
function zip(state: Int32Array, from: number, to: number): void {
  const low0 = state[from]!;
  const high0 = state[from + 1]!;
  const low1 = state[from + 2]!;
  const high1 = state[from + 3]!;
  addTo(
    state,
    to,
    (low0 >>> 24) | ((high1 & 0xff) << 8) | (low0 & 0xff0000) | ((high0 & 0xff00) << 16),
    ((high1 >>> 16) & 0xff) | (low0 & 0xff00) | ((high1 >>> 8) & 0xff0000) | (low0 << 24),
  );
  addTo(
    state,
    to + 2,
    (low1 >>> 24) | ((high0 & 0xff) << 8) | (low1 & 0xff0000) | ((high1 & 0xff00) << 16),
    ((low1 >>> 8) & 0xff) | ((high0 >>> 8) & 0xff00) | ((low1 & 0xff) << 16) | (high0 & 0xff000000),
  );
}

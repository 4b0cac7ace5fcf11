/** The numbers of RFC 6455. */

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** Bits of the first byte of a frame. */
export const FINAL = 0x80;
/** What is compressed says so in its first frame. */
export const RSV1 = 0x40;
export const RSV2_AND_RSV3 = 0x30;
export const OPCODE_BITS = 0x0f;

/** Bits of the second byte. */
export const MASKED = 0x80;
export const LENGTH_BITS = 0x7f;

/** Lengths from here on stand in two further bytes, or in eight. */
export const LENGTH_IN_16_BITS = 126;
export const LENGTH_IN_64_BITS = 127;

export const CONTROL_PAYLOAD_MAX = 125;
export const MASK_KEY_BYTES = 4;
/** A frame header with everything in it. */
export const HEADER_BYTES_MAX = 14;

/** Codes of close frames. */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unacceptable: 1003,
  invalidPayload: 1007,
  policy: 1008,
  tooBig: 1009,
  internal: 1011,
  tlsHandshake: 1015,
} as const;

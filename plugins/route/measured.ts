/** Reply subjects of services, and the subjects of their answers, end in `.T` where somebody measures how long they take. */
const LETTER_T = 0x54;
const DOT = 0x2e;
const UNDERSCORE = 0x5f;

export function isMeasured(bytes: Buffer, start: number, end: number): boolean {
  return end - start > 2 && bytes[end - 1] === LETTER_T && bytes[end - 2] === DOT && bytes[start] === UNDERSCORE;
}

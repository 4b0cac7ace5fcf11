/** Whatever takes the bytes that arrive on one link. The bytes are gone after the call returns. */
export interface Intake {
  accept(buffer: Buffer, length: number): void;
}

/** A protocol line that is not a message, without its line end: INFO, PING, PONG, +OK, -ERR. */
export type OnLine = (line: string) => void;

export const LINE_FEED = 0x0a;

/** Requests, one after the other, from a transport that nobody reads yet. */
import type { Clock, Transport } from '../../kernel/plugin-api.ts';
import {
  BAD_REQUEST,
  type Malformed,
  type RequestHead,
  RequestHeadReader,
  TOO_LARGE,
} from '../../protocols/websocket/request-head.ts';

/** Cookies and tokens have room; nobody needs more. */
export const HEAD_BYTES_MAX = 64 * 1024;
/** Bodies mean nothing here, and are read past only so that the connection can go on. */
export const BODY_BYTES_MAX = 64 * 1024;
const FIRST_ROOM = 2048;

/** `over`: the other side has gone, or said nothing in time. */
export type NextRequest =
  | { readonly kind: 'head'; readonly head: RequestHead }
  | { readonly kind: 'malformed'; readonly malformed: Malformed }
  | { readonly kind: 'over' };

export class RequestSource {
  private readonly transport: Transport;
  private readonly clock: Clock;
  private bytes = Buffer.allocUnsafe(FIRST_ROOM);
  private length = 0;

  constructor(transport: Transport, clock: Clock) {
    this.transport = transport;
    this.clock = clock;
  }

  /** Something came behind the last request. */
  get hasMore(): boolean {
    return this.length > 0;
  }

  /** `deadline` by the monotonic clock. */
  async next(deadline: number): Promise<NextRequest> {
    const reader = new RequestHeadReader();
    for (;;) {
      const outcome = reader.read(this.bytes.subarray(0, this.length));
      if (outcome.kind === 'malformed') return outcome;
      if (outcome.kind === 'head') {
        this.drop(outcome.length);
        return outcome;
      }
      if (this.length >= HEAD_BYTES_MAX) return { kind: 'malformed', malformed: TOO_LARGE };
      if (await this.more(deadline)) continue;
      // Half a request deserves an answer; silence does not.
      return this.length > 0 ? { kind: 'malformed', malformed: BAD_REQUEST } : { kind: 'over' };
    }
  }

  /** Reads past a body. False when it cannot be done. */
  async skip(count: number, deadline: number): Promise<boolean> {
    if (count < 0 || count > BODY_BYTES_MAX) return false;
    let left = count;
    for (;;) {
      const here = Math.min(left, this.length);
      this.drop(here);
      left -= here;
      if (left === 0) return true;
      if (!(await this.more(deadline))) return false;
    }
  }

  private async more(deadline: number): Promise<boolean> {
    const most = Math.max(1, HEAD_BYTES_MAX - this.length);
    const seen = await this.transport.peek(most, Math.max(0, deadline - this.clock.monotonic()));
    if (seen.length === 0) return false;
    this.makeRoomFor(seen.length);
    this.bytes.set(seen, this.length);
    this.length += seen.length;
    this.transport.discard(seen.length);
    return true;
  }

  private makeRoomFor(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.length + count, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  private drop(count: number): void {
    this.bytes.copyWithin(0, count, this.length);
    this.length -= count;
  }
}

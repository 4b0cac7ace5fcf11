const NOTHING = Buffer.alloc(0);

/**
 * One message on its way, borrowed: every field is a position in `bytes`, valid until the sink returns.
 *
 * A broker owns one of these per depth of publishing and refills it, so a message costs no object. Whoever keeps a
 * message copies it with `retain`.
 */
export class Message {
  bytes: Buffer = NOTHING;
  /** The memory the subject lies in: `bytes`, unless a mapping gave the message another one. The same for the reply. */
  subjectBytes: Buffer = NOTHING;
  subjectStart = 0;
  subjectEnd = 0;
  replyBytes: Buffer = NOTHING;
  /** Equal to `replyEnd` when there is no reply subject. */
  replyStart = 0;
  replyEnd = 0;
  /** The digits of the sizes as the publisher wrote them; they are echoed to receivers. */
  sizesStart = 0;
  sizesEnd = 0;
  headerStart = 0;
  /** Header bytes, 0 when the message has none. The body follows at once. */
  headerLength = 0;
  bodyStart = 0;
  bodyEnd = 0;
  /** `sizes CRLF header body CRLF` is one canonical run from `sizesStart` to `bodyEnd + 2`. */
  isCanonical = false;
  /** The connection that published it, so that it can be spared its own echo; null for the broker itself. */
  origin: object | null = null;
  /** Which kind of link it came over, as a bit; 0 for everything local. */
  originBit = 0;
  /** What the servers call themselves that it came from, where they are not of this server's own group; empty otherwise. */
  originCluster = '';
  /** What it was routed by, where receivers are shown another subject: lines to other servers carry both. Null for nearly all. */
  routedBy: Buffer | null = null;
  /** The only queue groups to serve, when another server has chosen; null for all. */
  queues: readonly string[] | null = null;

  get hasReply(): boolean {
    return this.replyEnd > this.replyStart;
  }

  /** Header and body together: what limits and counters go by. */
  get size(): number {
    return this.headerLength + this.bodyEnd - this.bodyStart;
  }

  get subject(): string {
    return latin1(this.subjectBytes, this.subjectStart, this.subjectEnd);
  }

  get reply(): string {
    return latin1(this.replyBytes, this.replyStart, this.replyEnd);
  }

  get header(): Uint8Array {
    return this.bytes.subarray(this.headerStart, this.headerStart + this.headerLength);
  }

  get body(): Uint8Array {
    return this.bytes.subarray(this.bodyStart, this.bodyEnd);
  }

  /** A copy that outlives the call. */
  retain(): RetainedMessage {
    const { subject, reply } = this;
    // Not `slice`: that of a Buffer is a view, and shows what is read next.
    return { subject, reply, header: new Uint8Array(this.header), body: new Uint8Array(this.body) };
  }
}

export interface RetainedMessage {
  subject: string;
  reply: string;
  header: Uint8Array;
  body: Uint8Array;
}

export function latin1(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end);
}

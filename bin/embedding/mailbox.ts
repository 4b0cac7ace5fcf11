import type { RetainedMessage } from '../../kernel/routing/message.ts';
import { PATIENCE_MS, within } from './patience.ts';

export interface TestMessage {
  readonly subject: string;
  /** Empty when the sender wants no answer. */
  readonly reply: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly data: Uint8Array;
  /** The data as text. */
  readonly text: string;
}

/** Messages that were sent on a pattern of subjects, in the order in which the broker took them. */
export class Mailbox {
  readonly pattern: string;
  /** All that arrived so far, those `next` has handed out included. */
  readonly messages: TestMessage[] = [];
  readonly #stop: () => void;
  #handedOut = 0;
  #arrived: () => void = () => {};

  /** `subscribe` starts the flow, and answers how to stop it. */
  constructor(pattern: string, subscribe: (put: (message: RetainedMessage) => void) => () => void) {
    this.pattern = pattern;
    this.#stop = subscribe((message) => {
      this.messages.push(readable(message));
      this.#arrived();
    });
  }

  /** The next `count` messages that were not handed out yet. */
  async next(count = 1, waitMs = PATIENCE_MS): Promise<TestMessage[]> {
    const from = this.#handedOut;
    const explain = () => `of ${count} messages on "${this.pattern}" only ${this.messages.length - from} arrived`;
    while (this.messages.length < from + count) {
      const arrival = new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
      await within(arrival, waitMs, explain);
    }
    this.#handedOut = from + count;
    return this.messages.slice(from, from + count);
  }

  close(): void {
    this.#stop();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function readable({ subject, reply, header, body }: RetainedMessage): TestMessage {
  return { subject, reply, data: body, text: Buffer.from(body).toString(), headers: headersOf(header) };
}

/** Keys as they were sent: NATS does not fold their case. */
function headersOf(block: Uint8Array): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of Buffer.from(block).toString().split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const key = line.slice(0, colon);
    headers.set(key, [...(headers.get(key) ?? []), line.slice(colon + 1).trim()]);
  }
  return headers;
}

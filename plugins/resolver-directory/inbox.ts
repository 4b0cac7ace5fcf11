/** Where answers of other servers come in: subjects that only this server listens on, one for each question. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Account, PluginContext } from '../../kernel/plugin-api.ts';

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const NAME_LENGTH = 8;

export type AnswerHandler = (body: string) => void;

export class Inbox {
  readonly #ctx: PluginContext;
  readonly #prefix: string;
  readonly #waiting = new Map<string, AnswerHandler>();
  readonly #dispose: () => void;

  constructor(ctx: PluginContext, system: Account) {
    this.#ctx = ctx;
    this.#prefix = `$SYS._INBOX.${nodeHash(ctx.kernel.broker.name)}.`;
    this.#dispose = ctx.subscribe(system, `${this.#prefix}*`, (message) => {
      const handler = this.#waiting.get(message.subject);
      if (handler === undefined) return false;
      handler(Buffer.from(message.body).toString());
      return true;
    });
  }

  /** A new subject; `forget` it when the answers have come. */
  expect(handler: AnswerHandler): string {
    const subject = this.#prefix + lettersOf(this.#ctx.kernel.ports.random.bytes(NAME_LENGTH));
    this.#waiting.set(subject, handler);
    return subject;
  }

  forget(subject: string): void {
    this.#waiting.delete(subject);
  }

  /** Whether a request comes from this server itself: no server answers its own. */
  isOwn(reply: string): boolean {
    return this.#waiting.has(reply);
  }

  close(): void {
    this.#dispose();
    this.#waiting.clear();
  }
}

/** How servers call each other in subjects. */
export function nodeHash(serverName: string): string {
  return lettersOf(createHash('sha256').update(serverName).digest().subarray(0, NAME_LENGTH));
}

function lettersOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join('');
}

/**
 * Seals requests and opens answers, where a key is configured for that: `xkv1`, a nonce, and a NaCl box.
 *
 * It is computed on the main thread and takes most of a millisecond each time, so it is done one at a time, with a turn of the
 * event loop for everybody else in between.
 */
import type { KeyPair } from 'nkeys.js';
import type { Broker, Outgoing, Ports } from '../../../kernel/plugin-api.ts';
import { encodeSeed, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';
import { onAccount } from '../account-text.ts';
import type { Delegation, Failure } from '../delegation.ts';
import { REQUEST_SUBJECT } from '../user/request-denial.ts';

const MARK = Buffer.from('xkv1');
const NONCE_BYTES = 24;

/** An answer as text. */
export interface OpenedAnswer {
  readonly text: string;
  /** Only the holder of the configured key can have written it. */
  readonly isSealed: boolean;
}

/** Somebody something is sealed or opened for. */
export interface Waiter {
  readonly isOver: boolean;
}

const NOBODY_WAITS: Failure = Object.freeze({ failure: '' });

export class Envelope {
  private readonly identity: Broker['identity'];
  private readonly ports: Ports;
  private pair: Promise<KeyPair> | null = null;
  private lastWork: Promise<unknown> = Promise.resolve();

  constructor(identity: Broker['identity'], ports: Ports) {
    this.identity = identity;
    this.ports = ports;
  }

  /** The request as it is published; `xkey` is empty where it is not sealed. */
  async close(request: string, xkey: string, waiter: Waiter): Promise<Outgoing | Failure> {
    const body = Buffer.from(request);
    if (xkey === '') return { subject: REQUEST_SUBJECT, body };
    const nonce = this.ports.random.bytes(NONCE_BYTES);
    const sealed = await this.work(waiter, (pair) => pair.seal(body, xkey, nonce));
    if (sealed === null) return NOBODY_WAITS;
    const header = Buffer.from(`NATS/1.0\r\nNats-Server-Xkey: ${this.identity.xkey}\r\n\r\n`);
    return { subject: REQUEST_SUBJECT, header, body: sealed };
  }

  async open(answer: Buffer, { account, xkey }: Delegation, waiter: Waiter): Promise<OpenedAnswer | Failure> {
    if (answer.length === 0)
      return { failure: `Auth callout violation: "no reason supplied" ${onAccount(account.name)}` };
    const isSealed = xkey !== '' && answer.subarray(0, MARK.length).equals(MARK);
    if (!isSealed) return { text: answer.toString(), isSealed };
    const opened = await this.work(waiter, (pair) => openedBy(pair, answer, xkey));
    if (opened !== null) return { text: Buffer.from(opened).toString(), isSealed };
    return {
      failure: `Error decrypting auth callout response ${onAccount(account.name)}: nkeys: could not decrypt input`,
    };
  }

  /** Null where nobody waits for it any more: it is not done then, so that those who do need not wait longer. */
  private work(waiter: Waiter, compute: (pair: KeyPair) => Uint8Array | null): Promise<Uint8Array | null> {
    const done = this.lastWork.then(async () => {
      if (waiter.isOver) return null;
      await new Promise<void>((resolve) => this.ports.clock.soon(resolve));
      this.pair ??= this.makePair();
      return compute(await this.pair);
    });
    this.lastWork = done.catch(() => {});
    return done;
  }

  /** Loaded when it is first needed: most brokers never do. */
  private async makePair(): Promise<KeyPair> {
    const { fromCurveSeed } = await import('nkeys.js');
    const der = this.identity.curvePrivateKey.export({ format: 'der', type: 'pkcs8' });
    return fromCurveSeed(Buffer.from(encodeSeed(NkeyKind.curve, der.subarray(-32))));
  }
}

function openedBy(pair: KeyPair, answer: Buffer, sender: string): Uint8Array | null {
  try {
    return pair.open(new Uint8Array(answer), sender);
  } catch {
    // Too short, or a sender that is none.
    return null;
  }
}

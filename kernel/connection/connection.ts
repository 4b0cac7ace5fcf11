/**
 * What all connections have in common, whatever they speak: a transport, what waits to be sent, counters, a life with
 * an end and a reason for it.
 */

import { errorFrame, PING } from '../../protocols/client/frames.ts';
import type { Account } from '../accounts/account.ts';
import type { Broker } from '../broker.ts';
import type { Timer } from '../ports/ports.ts';
import { IN_PROCESS, type Receiver, type Transport } from '../ports/transport.ts';
import type { ChunkPool } from './chunk.ts';
import { CloseReason, dropsOutput } from './close-reason.ts';
import { type FrameReader, Inbox } from './inbox.ts';
import { Liveness, type LivenessSource } from './liveness.ts';
import { Outbound, type OutboundOwner } from './outbound.ts';

const STALE = errorFrame('Stale Connection');

/** Who is at the other end of a line to another server, where events tell of it as of a client. */
export interface LinkIntroduction {
  readonly kind: string;
  /** Empty for what it did not say. */
  readonly user: string;
  readonly name: string;
  readonly version: string;
  /** It has its account. */
  readonly isLetIn: boolean;
}

export abstract class Connection implements Receiver, OutboundOwner, FrameReader {
  readonly id: number;
  readonly broker: Broker;
  transport: Transport;
  outbound: Outbound;
  readonly startedAt: number;
  /** Wall clock. */
  lastInputAt: number;
  inMessages = 0;
  outMessages = 0;
  inBytes = 0;
  outBytes = 0;
  account: Account;
  /** Parsing stops while this is true: held up, or closed. */
  isHalted = false;
  closeReason: CloseReason | null = null;
  readonly liveness: Liveness;
  protected readonly inbox = new Inbox();
  private challenge = '';
  private expiryTimer: Timer | null = null;
  private holds = 0;
  private isPaused = false;

  constructor(broker: Broker, transport: Transport, pings: LivenessSource = broker) {
    this.broker = broker;
    this.id = broker.nextConnectionId();
    this.transport = transport;
    this.account = broker.accounts.global;
    this.startedAt = broker.clock.now();
    this.lastInputAt = this.startedAt;
    this.outbound = new Outbound(this, broker.flow, transport);
    this.liveness = new Liveness(this, broker.clock, pings);
  }

  /** What speaks here: 'client' and whatever plugins add. */
  abstract readonly kindName: string;
  abstract readonly isCutOffWhenSlow: boolean;
  /** Handles complete frames in [start, end); answers the position of the first byte not used. */
  abstract parse(bytes: Buffer, start: number, end: number): number;
  abstract readonly neededBytes: number;
  /** Called once, before the transport ends. */
  protected abstract leave(reason: CloseReason): void;

  /** Null for clients, who are told of for themselves, and for lines that nobody is told of. */
  get introduction(): LinkIntroduction | null {
    return null;
  }

  /** What the other side signs to prove a key: made once, when somebody asks. */
  get nonce(): string {
    if (this.challenge === '') this.challenge = Buffer.from(this.broker.random.bytes(11)).toString('base64url');
    return this.challenge;
  }

  get pendingMax(): number {
    return this.broker.options.maxPending;
  }

  get writeDeadlineMs(): number {
    return this.broker.options.writeDeadlineMs;
  }

  get outboundPool(): ChunkPool {
    return this.broker.flow.pool;
  }

  /** The peer's address as INFO and the monitor show it; empty within this process, where there is none. */
  get clientIp(): string {
    const { host } = this.transport.remote;
    return host === IN_PROCESS ? '' : host;
  }

  /** Names the connection in log lines. */
  get label(): string {
    const { host, port } = this.transport.remote;
    return `${host.includes(':') ? `[${host}]` : host}:${port} - ${this.tag}:${this.id}`;
  }

  /** What stands before the id in log lines. */
  protected abstract readonly tag: string;

  get isClosed(): boolean {
    return this.closeReason !== null;
  }

  /** Another transport takes the place of the one so far, which was wrapped in it. Nothing may be waiting to be sent. */
  replaceTransport(transport: Transport): void {
    this.outbound.close();
    this.transport = transport;
    this.outbound = new Outbound(this, this.broker.flow, transport);
  }

  send(frame: Uint8Array): void {
    this.outbound.send(frame);
  }

  sendError(text: string): void {
    this.broker.tracer?.output(this, `-ERR ${text}`);
    this.send(errorFrame(text));
  }

  sendPing(): void {
    this.broker.tracer?.output(this, 'PING');
    this.send(PING);
  }

  onRead(length: number): void {
    this.lastInputAt = this.broker.clock.now();
    this.inbox.acceptRead(this.broker.arena, length, this);
    this.afterInput();
  }

  /** Who the other side is holds until then; undefined: for good. */
  expireAt(moment: number | undefined): void {
    this.expiryTimer?.cancel();
    this.expiryTimer = null;
    if (moment === undefined) return;
    const { clock } = this.broker;
    this.expiryTimer = clock.after(Math.max(0, moment - clock.now()), () => this.expire('User'));
  }

  /** Nobody is let in as that any more. */
  expire(who: 'User' | 'Account'): void {
    this.sendError(`${who} Authentication Expired`);
    this.close(CloseReason.authenticationExpired);
  }

  onBytes(bytes: Uint8Array): void {
    this.lastInputAt = this.broker.clock.now();
    this.inbox.acceptBytes(this.broker.arena, bytes, this);
    this.afterInput();
  }

  onWritten(): void {
    this.outbound.written();
  }

  onClosed(error: Error | null): void {
    if (this.isClosed) return;
    this.close(error === null ? CloseReason.clientClosed : CloseReason.readError);
  }

  slowConsumer(reason: CloseReason): void {
    if (this.isClosed) return;
    this.account.slowConsumers++;
    this.broker.countSlowConsumer(this, reason);
    this.close(reason);
  }

  writeOverdue(): void {
    this.slowConsumer(CloseReason.slowConsumerDeadline);
  }

  stale(): void {
    this.broker.hooks.connectionStale.slot?.(this);
    this.broker.countStale(this);
    this.send(STALE);
    this.close(CloseReason.stale);
  }

  idle(): void {
    if (this.inbox.isEmpty) this.inbox.clear();
  }

  /**
   * Holds the input up; each call needs its own `release`. While the transport is not read nobody learns that the other
   * side is gone, so whoever waits for long lets reading go on: what comes is kept, within a limit.
   */
  hold(isReadOn = false): void {
    this.isHalted = true;
    if (!isReadOn && !this.isClosed) this.pauseReading();
    this.holds++;
  }

  release(): void {
    if (--this.holds > 0 || this.isClosed) return;
    this.isHalted = false;
    this.broker.clock.soon(() => this.goOn());
  }

  close(reason: CloseReason): void {
    if (this.isClosed) return;
    this.closeReason = reason;
    this.isHalted = true;
    this.liveness.stop();
    this.expiryTimer?.cancel();
    this.inbox.clear();
    this.leave(reason);
    if (dropsOutput(reason)) {
      this.transport.destroy();
      this.outbound.close();
    } else {
      this.outbound.finish(reason);
    }
    this.broker.connectionClosed(this, reason);
  }

  private goOn(): void {
    if (this.isHalted) return;
    this.inbox.retry(this.broker.arena, this);
    this.afterInput();
    if (this.isHalted || !this.isPaused) return;
    this.isPaused = false;
    this.transport.resume();
  }

  protected pauseReading(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.transport.pause();
  }

  protected afterInput(): void {
    if (this.isClosed) this.inbox.clear();
    this.broker.flow.readDone();
  }
}

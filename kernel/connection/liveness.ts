/** PING and PONG: finds out whether the other side is still there, and how far away it is. */
import type { Clock, Random, Timer } from '../ports/ports.ts';

/** Asked anew each time: a reload may replace the options. */
export interface LivenessSource {
  readonly options: { readonly pingIntervalMs: number; readonly pingMax: number };
  /** When the first PING comes at the earliest, where that is not the usual time. */
  readonly firstPingMs?: number;
  /** A PING is sent however much is heard. */
  readonly pingsAlways?: boolean;
}

/** What liveness needs of its connection. */
export interface LivenessOwner {
  /** Wall clock; when something was last received. */
  readonly lastInputAt: number;
  sendPing(): void;
  stale(): void;
  /** A quiet moment to give memory back. */
  idle(): void;
}

const FIRST_PING_MS = 2000;
const FIRST_PING_JITTER = 0.2;
const RTT_VALID_MS = 3_600_000;
/** No PING of the server's own before this age, unless the client has had its first PONG. */
export const NO_RTT_WINDOW_MS = 2000;

export class Liveness {
  /** Milliseconds; 0 while unknown. */
  rtt = 0;
  outstanding = 0;
  private rttMeasuredAt = 0;
  private pingSentAt = 0;
  private timer: Timer | null = null;
  private readonly owner: LivenessOwner;
  private readonly clock: Clock;
  private readonly source: LivenessSource;

  constructor(owner: LivenessOwner, clock: Clock, source: LivenessSource) {
    this.owner = owner;
    this.clock = clock;
    this.source = source;
  }

  start(): void {
    this.arm(this.source.options.pingIntervalMs);
  }

  /** After CONNECT: the first PING comes soon, at a moment that differs from client to client. */
  expectFirstPing(random: Random, rtt: number): void {
    this.noteRtt(rtt);
    const base = Math.min(this.source.options.pingIntervalMs, this.source.firstPingMs ?? FIRST_PING_MS);
    this.arm(base + base * FIRST_PING_JITTER * random.fraction());
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  pongReceived(): void {
    this.outstanding = 0;
    if (this.pingSentAt > 0) this.noteRtt(this.clock.monotonic() - this.pingSentAt);
    this.pingSentAt = 0;
  }

  private noteRtt(milliseconds: number): void {
    this.rtt = Math.max(milliseconds, 0.000001);
    this.rttMeasuredAt = this.clock.monotonic();
  }

  private arm(milliseconds: number): void {
    this.timer?.cancel();
    this.timer = this.clock.after(milliseconds, () => this.tick());
  }

  private tick(): void {
    this.timer = null;
    this.owner.idle();
    if (!this.isKnownAlive() && !this.ping()) return;
    this.arm(this.source.options.pingIntervalMs);
  }

  /** Asks at once, where nothing is asked yet: how far away the other side is, or whether it has got so far. */
  probe(): void {
    if (this.outstanding === 0) this.ping();
  }

  private isKnownAlive(): boolean {
    if (this.source.pingsAlways === true) return false;
    const isHeard = this.clock.now() - this.owner.lastInputAt < this.source.options.pingIntervalMs;
    return isHeard && this.rtt > 0 && this.clock.monotonic() - this.rttMeasuredAt < RTT_VALID_MS;
  }

  /** False when too many went unanswered. */
  private ping(): boolean {
    if (this.outstanding + 1 > this.source.options.pingMax) {
      this.owner.stale();
      return false;
    }
    this.outstanding++;
    this.pingSentAt = this.clock.monotonic();
    this.owner.sendPing();
    return true;
  }
}

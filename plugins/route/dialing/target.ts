/** One server to connect to, tried until it is there. */
import type { Clock, Timer } from '../../../kernel/plugin-api.ts';
import type { RouteUrl } from '../route-url.ts';
import type { Attempt, Failure } from './attempt.ts';

export interface TargetParts {
  readonly url: RouteUrl;
  readonly isExplicit: boolean;
  /** How often it is tried before it is given up. */
  readonly tries: number;
  readonly gossipMode: number;
  readonly clock: Clock;
  delayMs(attempts: number): number;
  dial(attempt: Attempt): void;
  complain(text: string, what: string): void;
  isThere(remoteId: string): boolean;
}

export class Target {
  readonly url: RouteUrl;
  /** The server that was found there; null while nobody is connected. */
  remoteId: string | null = null;
  onGivenUp: () => void = () => {};
  private readonly parts: TargetParts;
  private attempts = 0;
  private timer: Timer | null = null;
  private isStopped = false;
  /** Results of attempts before this one count no more. */
  private round = 0;

  constructor(parts: TargetParts) {
    this.parts = parts;
    this.url = parts.url;
  }

  start(): void {
    if (this.isStopped) return;
    const { url, isExplicit, gossipMode } = this.parts;
    this.attempts++;
    const round = ++this.round;
    this.parts.dial({
      url,
      isExplicit,
      account: '',
      gossipMode,
      succeeded: (remoteId) => {
        if (round === this.round) this.found(remoteId);
      },
      failed: (failure) => {
        if (round === this.round && !this.isStopped) this.failed(failure);
      },
    });
  }

  /** What was there is gone. */
  again(leastMs: number): void {
    this.remoteId = null;
    this.attempts = 0;
    this.arm(leastMs === 0 ? this.parts.delayMs(1) % 100 : Math.max(leastMs, this.parts.delayMs(1)));
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private found(remoteId: string): void {
    this.remoteId = remoteId;
    this.attempts = 0;
  }

  private failed({ kind, remoteId, error }: Failure): void {
    if (kind === 'self') {
      this.stop();
    } else if (kind === 'known' && remoteId !== undefined && this.parts.isThere(remoteId)) {
      this.found(remoteId);
    } else {
      if (error !== undefined) this.complain(error);
      this.tryAgain();
    }
  }

  private complain({ message }: Error): void {
    this.parts.complain(`Error trying to connect to route (attempt ${this.attempts}): ${message}`, message);
  }

  private tryAgain(): void {
    if (this.attempts >= this.parts.tries) {
      this.stop();
      this.onGivenUp();
    } else {
      this.arm(this.parts.delayMs(this.attempts));
    }
  }

  private arm(delayMs: number): void {
    this.timer?.cancel();
    this.timer = this.parts.clock.after(delayMs, () => {
      this.timer = null;
      this.start();
    });
  }
}

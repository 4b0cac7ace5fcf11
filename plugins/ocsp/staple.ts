/** The status of one certificate that is served: fetched, kept on disk, and fetched again before it grows old. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Disposer, Log, Ports } from '../../kernel/plugin-api.ts';
import type { SingleStatus } from '../../protocols/x509/ocsp-response.ts';
import type { StapleOptions } from './config.ts';
import { askResponders } from './responder.ts';
import { type Link, readStatus, shown, staleness, type Tolerance } from './status.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const RESPONDER_MS = 30 * SECOND;
export const CHECK_INTERVAL_MS = 24 * HOUR;
export const CHECK_INTERVAL_MIN_MS = 2 * MINUTE;
/** So much of its time is left when a status is fetched again. */
const LEFT_FRACTION = 0.25;
const FOLDER = 'ocsp';
const STRICT: Tolerance = { clockSkewMs: 0, lifetimeMs: CHECK_INTERVAL_MS };

export interface StapleWorld {
  readonly ports: Ports;
  readonly log: Log;
  after(milliseconds: number, run: () => Promise<void>): Disposer;
  shutDown(): void;
}

export interface StapleRequest {
  readonly link: Link;
  readonly file: string;
  /** `Client` and the like, for messages. */
  readonly kind: string;
  readonly options: StapleOptions;
  /** A broker whose certificate is revoked does not run. */
  readonly isCondition: boolean;
}

interface Known {
  readonly response: Uint8Array;
  readonly status: SingleStatus;
}

export class Staple {
  private readonly request: StapleRequest;
  private readonly world: StapleWorld;
  private known: Known | null;
  private timer: Disposer | null = null;
  private isStopped = false;

  /** What an earlier one knows of the same certificate need not be fetched again. */
  constructor(request: StapleRequest, world: StapleWorld, earlier: Staple | undefined) {
    this.request = request;
    this.world = world;
    this.known = earlier?.known ?? null;
  }

  /** Null when what is known does not count any more. */
  get response(): Uint8Array | null {
    const { known } = this;
    return known !== null && this.reasonAgainst(known) === null ? known.response : null;
  }

  /** Rejects when there is no status to be had, or a bad one where it has to be good. */
  async start(): Promise<void> {
    const { file, kind, isCondition } = this.request;
    try {
      if (this.response === null) this.known = (await this.stored()) ?? (await this.fetch());
    } catch (error) {
      throw new Error(`bad OCSP status update for certificate at '${file}': ${(error as Error).message}`, {
        cause: error,
      });
    }
    const { status } = this.known!.status;
    if (status !== 'good' && isCondition) {
      throw new Error(`found existing OCSP status for certificate at '${file}': ${status}`);
    }
    this.world.log.info(`Found OCSP status for ${kind} certificate at '${file}': ${status}, ${this.schedule()}`);
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.();
  }

  private reasonAgainst({ status }: Known): string | null {
    return staleness(status, this.world.ports.clock.now(), STRICT);
  }

  private async stored(): Promise<Known | null> {
    if (this.path === '') return null;
    const response = await this.world.ports.disk.readFile(this.path).catch(() => null);
    if (response === null) return null;
    try {
      const known = { response, status: readStatus(response, this.request.link, this.world.ports.clock.now()) };
      return this.reasonAgainst(known) === null ? known : null;
    } catch {
      // Whatever lies there is replaced by what the responder says.
      return null;
    }
  }

  private get path(): string {
    const { options, link } = this.request;
    if (options.storeDirectory === '') return '';
    const name = createHash('sha256').update(link.certificate.encoded).digest('hex');
    return join(options.storeDirectory, FOLDER, name);
  }

  private async fetch(): Promise<Known> {
    const { link, options } = this.request;
    const urls = options.urls.length > 0 ? options.urls : link.certificate.ocspUrls;
    const response = await askResponders(link, urls, RESPONDER_MS, this.world.ports);
    const known = { response, status: readStatus(response, link, this.world.ports.clock.now()) };
    const reason = this.reasonAgainst(known);
    if (reason !== null) throw new Error(reason);
    await this.store(response);
    return known;
  }

  private async store(response: Uint8Array): Promise<void> {
    if (this.path === '') return;
    const { disk } = this.world.ports;
    try {
      await disk.makeDirectory(join(this.request.options.storeDirectory, FOLDER));
      await disk.writeFile(this.path, response);
    } catch (error) {
      this.world.log.error(`the OCSP status is not stored: ${(error as Error).message}`);
    }
  }

  /** Answers in words when the next check is. */
  private schedule(delayMs = this.untilNextCheckMs()): string {
    if (!this.isStopped) this.timer = this.world.after(delayMs, () => this.refresh());
    const next = this.known?.status.nextUpdate;
    const update = next == null ? '' : `next update ${shown(next)}, `;
    return `${update}checking again in ${Math.round(delayMs / SECOND)}s`;
  }

  private untilNextCheckMs(): number {
    const { thisUpdate, nextUpdate } = this.known!.status;
    if (nextUpdate === null) return CHECK_INTERVAL_MS;
    const early = (nextUpdate - thisUpdate) * LEFT_FRACTION;
    return Math.min(
      CHECK_INTERVAL_MS,
      Math.max(CHECK_INTERVAL_MIN_MS, nextUpdate - early - this.world.ports.clock.now()),
    );
  }

  private async refresh(): Promise<void> {
    const { file, kind, isCondition } = this.request;
    const { log } = this.world;
    try {
      this.known = await this.fetch();
    } catch (error) {
      if (this.isStopped) return;
      const again = this.schedule(CHECK_INTERVAL_MIN_MS);
      log.error(`Bad OCSP status update for certificate at '${file}': ${(error as Error).message}, ${again}`);
      return;
    }
    if (this.isStopped) return;
    const { status } = this.known.status;
    const received = `Received OCSP status for ${kind} certificate '${file}': ${status}`;
    if (status === 'good') log.info(`${received}, ${this.schedule()}`);
    else {
      log.error(received);
      if (isCondition) this.world.shutDown();
      else this.schedule();
    }
  }
}

/**
 * Receives whoever connects: TLS where it is asked for, requests until one becomes a WebSocket, and then the door to whom it
 * wants to see.
 */
import type { Broker, Clock, Log, Transport } from '../../kernel/plugin-api.ts';
import { hasToken, headerOf } from '../../protocols/websocket/header-values.ts';
import { malformedAnswer, refusalAnswer, upgradeAnswer } from '../../protocols/websocket/http-answer.ts';
import type { Malformed, RequestHead } from '../../protocols/websocket/request-head.ts';
import type { WebSocketConfig } from './config.ts';
import { entranceOf } from './credentials.ts';
import type { DeflateMaker } from './deflate.ts';
import type { FrameStyle } from './frame-output.ts';
import { LEAF_SUFFIX, type PathTable } from './path-table.ts';
import { RequestSource } from './request-source.ts';
import { clientBehind } from './trusted-proxies.ts';
import { judge, type Refused, SENT_TOO_EARLY, type Upgrade } from './upgrade.ts';
import { type WebSocketCommons, WebSocketTransport } from './websocket-transport.ts';

export interface ReceptionParts {
  readonly broker: Broker;
  readonly config: WebSocketConfig;
  readonly paths: PathTable;
  readonly commons: WebSocketCommons;
  readonly deflate: DeflateMaker | null;
  /** Null: in clear. Rejects when the handshake fails; the transport is gone then. */
  readonly secure: ((transport: Transport, timeoutMs: number) => Promise<Transport>) | null;
}

/** What an upgrade may take where the block does not say. */
export const UPGRADE_MS = 30_000;
/** Visitors that have not become WebSockets yet; of more, those that came first are sent away. */
export const VISITORS_MAX = 4096;

const MIB = 1024 * 1024;
const COMPRESSED_MAX = 64 * MIB;
/** What is gathered for a client that has not logged in. */
export const STRANGER_COMPRESSED_MAX = 64 * 1024;
/** Compressed messages may be as large as so many payloads. */
const PAYLOADS = 8;
/** Browsers show each frame to the page when it is whole. */
const BROWSER_FRAME_MAX = 4096;

export class Reception {
  /** Visitors sent away because there were too many. */
  turnedAway = 0;
  private readonly parts: ReceptionParts;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly visitors = new Set<Transport>();

  constructor(parts: ReceptionParts) {
    this.parts = parts;
    this.clock = parts.commons.clock;
    this.log = parts.commons.log;
  }

  /** Never rejects. */
  async receive(transport: Transport): Promise<void> {
    this.makeRoom();
    this.visitors.add(transport);
    try {
      await this.converse(transport);
    } catch (error) {
      this.log.error(`websocket: ${addressOf(transport)}: ${(error as Error).message}`);
      transport.destroy();
    } finally {
      this.visitors.delete(transport);
    }
  }

  close(): void {
    for (const transport of this.visitors) transport.destroy();
    this.visitors.clear();
  }

  private makeRoom(): void {
    if (this.visitors.size < VISITORS_MAX) return;
    const [oldest] = this.visitors;
    if (oldest === undefined) return;
    this.visitors.delete(oldest);
    this.turnedAway++;
    oldest.destroy();
  }

  private async converse(bare: Transport): Promise<void> {
    const deadline = this.newDeadline();
    const { secure } = this.parts;
    const transport = secure === null ? bare : await this.secured(secure, bare, deadline);
    if (transport === null) return;
    const source = new RequestSource(transport, this.clock);
    for (let until = deadline; this.visitors.has(bare); until = this.newDeadline()) {
      const next = await source.next(until);
      if (!this.visitors.has(bare)) transport.destroy();
      else if (next.kind === 'over') transport.end();
      else if (next.kind === 'malformed') refuseMalformed(transport, next.malformed);
      else if (await this.serve(transport, source, next.head, until)) continue;
      return;
    }
  }

  private newDeadline(): number {
    return this.clock.monotonic() + (this.parts.config.handshakeTimeoutMs || UPGRADE_MS);
  }

  private async secured(
    secure: NonNullable<ReceptionParts['secure']>,
    bare: Transport,
    deadline: number,
  ): Promise<Transport | null> {
    const where = addressOf(bare);
    try {
      return await secure(bare, deadline - this.clock.monotonic());
    } catch (error) {
      this.log.error(`websocket: http: TLS handshake error from ${where}: ${(error as Error).message}`);
      return null;
    }
  }

  /** True: another request may follow. */
  private async serve(
    transport: Transport,
    source: RequestSource,
    head: RequestHead,
    deadline: number,
  ): Promise<boolean> {
    const { config, paths } = this.parts;
    const upgrade = judge(head, transport.tls !== null, config, paths);
    const isEarly = !('status' in upgrade) && (source.hasMore || head.bodyBytes !== 0);
    if (!('status' in upgrade) && !isEarly) {
      this.open(transport, head, upgrade);
      return false;
    }
    const refused = 'status' in upgrade ? upgrade : SENT_TOO_EARLY;
    this.log.error(`${addressOf(transport)} - websocket handshake error: ${refused.reason}`);
    const goesOn = !isEarly && goesOnAfter(head);
    // Whoever asks on without reading the answers is not to be answered on.
    const isTaken = this.refuse(transport, head, refused, goesOn);
    if (goesOn && isTaken && (await source.skip(head.bodyBytes, deadline))) return true;
    transport.end();
    return false;
  }

  private refuse(transport: Transport, { minor, method }: RequestHead, { status }: Refused, goesOn: boolean): boolean {
    const date = new Date(this.clock.now()).toUTCString();
    const isUsual = goesOn === minor > 0;
    const connection = isUsual ? '' : goesOn ? 'keep-alive' : 'close';
    const answer = refusalAnswer({ status, minor, isHeadOnly: method === 'HEAD', connection, date });
    return transport.write(Buffer.from(answer, 'latin1'));
  }

  private open(inner: Transport, head: RequestHead, upgrade: Upgrade): void {
    const { broker, config } = this.parts;
    if (broker.isClosed || broker.isLameDuck) {
      inner.destroy();
      return;
    }
    const answer = upgradeAnswer({ ...upgrade, headers: config.headers });
    const isTaken = inner.write(Buffer.from(answer, 'latin1'));
    const client = clientBehind(inner.remote.host, head.headers.get('x-forwarded-for') ?? [], config.proxies);
    // Each transport has an address of its own; whatever shows the connection looks there. The port is not told.
    if (client !== null) Object.assign(inner.remote, { host: client, port: 0 });
    const transport = this.transportFor(inner, head, upgrade, !isTaken);
    const entrance = entranceOf(head, config, client !== null);
    const { claim, path, subprotocol } = upgrade;
    if (claim !== null) claim.accept(transport, { path, subprotocol, forwardedFor: entrance.forwardedFor });
    else if (path.endsWith(LEAF_SUFFIX)) this.sendAway(inner);
    else broker.listener.accept(transport, entrance);
  }

  private sendAway(inner: Transport): void {
    this.log.error('Not configured to accept leaf node connections');
    inner.end();
  }

  private transportFor(inner: Transport, head: RequestHead, upgrade: Upgrade, isBusy: boolean): WebSocketTransport {
    const { commons, deflate } = this.parts;
    const { isCompressed, isMaskless, claim } = upgrade;
    const max = this.messageMax();
    return new WebSocketTransport(
      inner,
      {
        rules: {
          isMaskRequired: !isMaskless,
          allowsCompression: isCompressed,
          acceptsText: claim?.acceptsText !== false,
          compressedMax: claim === null ? Math.min(max, STRANGER_COMPRESSED_MAX) : max,
        },
        style: styleFor(headerOf(head.headers, 'user-agent')),
        deflate: isCompressed && deflate !== null ? deflate(max) : null,
        compressedMax: max,
        isBusy,
      },
      commons,
    );
  }

  /** What a compressed message may have, before and after. Protocol messages within it have their own limit. */
  private messageMax(): number {
    return messageMaxOf(this.parts.broker);
  }
}

export function messageMaxOf({ options: { maxPayload } }: Broker): number {
  return maxPayload < 0 ? COMPRESSED_MAX : Math.min(PAYLOADS * Math.max(maxPayload, 1024), COMPRESSED_MAX);
}

/** Safari does not take a compressed message in parts. */
export function styleFor(agent: string): FrameStyle {
  if (!agent.startsWith('Mozilla/')) return { frameMax: 0, compressedFrameMax: 0, nextKey: null };
  const isSafari = agent.includes('Version/') && agent.includes('Safari/');
  return { frameMax: BROWSER_FRAME_MAX, compressedFrameMax: isSafari ? 0 : BROWSER_FRAME_MAX, nextKey: null };
}

function refuseMalformed(transport: Transport, malformed: Malformed): void {
  transport.write(Buffer.from(malformedAnswer(malformed), 'latin1'));
  transport.end();
}

function goesOnAfter({ minor, headers, bodyBytes }: RequestHead): boolean {
  if (bodyBytes < 0 || hasToken(headers, 'connection', 'close')) return false;
  return minor > 0 || hasToken(headers, 'connection', 'keep-alive');
}

function addressOf({ remote: { host, port } }: Transport): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** From here to WebSocket listeners of other servers: the upgrade, and the way through a proxy. */
import type { Broker, Transport } from '../../kernel/plugin-api.ts';
import { hasToken, headerOf, listOf } from '../../protocols/websocket/header-values.ts';
import { type ResponseHead, readResponseHead } from '../../protocols/websocket/response-head.ts';
import type { DialRequest, TunnelRequest, WebSocketDialer } from './contract.ts';
import { type DeflateMaker, loadDeflate } from './deflate.ts';
import { messageMaxOf } from './reception.ts';
import { acceptFor } from './upgrade.ts';
import { type WebSocketCommons, WebSocketTransport } from './websocket-transport.ts';

const HEAD_BYTES_MAX = 64 * 1024;
const KEY_BYTES = 16;
const MASK_BYTES = 4;
const DEFLATE = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

interface Agreed {
  readonly isCompressed: boolean;
  readonly isMaskless: boolean;
}

export class Dialer implements WebSocketDialer {
  private readonly broker: Broker;
  private readonly commons: () => WebSocketCommons;
  private deflate: Promise<DeflateMaker> | null = null;

  constructor(broker: Broker, commons: () => WebSocketCommons) {
    this.broker = broker;
    this.commons = commons;
  }

  async open(transport: Transport, request: DialRequest): Promise<Transport> {
    if (request.compresses) this.deflate ??= loadDeflate();
    const maker = request.compresses ? await this.deflate : null;
    const key = Buffer.from(this.broker.random.bytes(KEY_BYTES)).toString('base64');
    transport.write(Buffer.from(upgradeText(request, key), 'latin1'));
    const head = await this.answer(transport, request.timeoutMs);
    const agreed = agreedIn(head, request, acceptFor(key));
    return this.transportOver(transport, agreed, maker ?? null);
  }

  async tunnel(transport: Transport, request: TunnelRequest): Promise<void> {
    transport.write(Buffer.from(tunnelText(request), 'latin1'));
    const { status, text } = await this.answer(transport, request.timeoutMs);
    if (status !== 200) throw new Error(`proxy connection failed: ${text}`);
  }

  /** What follows the head stays where it is. */
  private async answer(transport: Transport, timeoutMs: number): Promise<ResponseHead> {
    const { clock } = this.broker;
    const deadline = clock.monotonic() + timeoutMs;
    for (let seen = 0; seen < HEAD_BYTES_MAX; ) {
      const bytes = await transport.peek(HEAD_BYTES_MAX, Math.max(0, deadline - clock.monotonic()), seen + 1);
      const outcome = readResponseHead(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
      if (outcome.kind === 'malformed') throw new Error('what answers does not speak HTTP');
      if (outcome.kind === 'head') {
        transport.discard(outcome.length);
        return outcome.head;
      }
      if (bytes.length <= seen) {
        const isGone = clock.monotonic() < deadline;
        throw new Error(isGone ? 'the other side closed the connection' : 'the request was not answered in time');
      }
      seen = bytes.length;
    }
    throw new Error('the answer has too many headers');
  }

  private transportOver(inner: Transport, agreed: Agreed, deflate: DeflateMaker | null): Transport {
    const { isCompressed, isMaskless } = agreed;
    const max = messageMaxOf(this.broker);
    const nextKey = (): number => Buffer.from(this.broker.random.bytes(MASK_BYTES)).readInt32BE(0);
    return new WebSocketTransport(
      inner,
      {
        rules: { isMaskRequired: false, allowsCompression: isCompressed, acceptsText: true, compressedMax: max },
        style: { frameMax: 0, compressedFrameMax: 0, nextKey: isMaskless ? null : nextKey },
        deflate: isCompressed && deflate !== null ? deflate(max) : null,
        compressedMax: max,
        isBusy: false,
      },
      this.commons(),
    );
  }
}

function upgradeText({ host, path, compresses, isMasked }: DialRequest, key: string): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
    ...(compresses ? [`Sec-WebSocket-Extensions: ${DEFLATE}`] : []),
    ...(isMasked ? [] : ['Nats-No-Masking: true']),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function tunnelText({ target, user, password }: TunnelRequest): string {
  const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`];
  if (user !== '') lines.push(`Proxy-Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Throws where the other side did not become a WebSocket, or agreed to what nobody asked for. */
function agreedIn({ status, text, headers }: ResponseHead, request: DialRequest, accept: string): Agreed {
  if (status !== 101) throw new Error(`the other side answered ${text} instead of becoming a WebSocket`);
  const isUpgrade = hasToken(headers, 'upgrade', 'websocket') && hasToken(headers, 'connection', 'upgrade');
  if (!isUpgrade || headerOf(headers, 'sec-websocket-accept') !== accept) {
    throw new Error('the other side did not become a WebSocket: its answer does not fit the question');
  }
  const [extension = '', ...more] = listOf(headers, 'sec-websocket-extensions');
  const isMaskless = !request.isMasked && headerOf(headers, 'nats-no-masking') === 'true';
  if (extension === '') return { isCompressed: false, isMaskless };
  const words = extension.split(';').map((word) => word.trim());
  const isMeant = words[0] === 'permessage-deflate' && more.length === 0 && request.compresses;
  if (!isMeant) throw new Error(`nobody asked for the extension ${JSON.stringify(extension)}`);
  if (!words.includes('server_no_context_takeover') || !words.includes('client_no_context_takeover')) {
    throw new Error('the other side compresses in another way than it was asked to');
  }
  return { isCompressed: true, isMaskless };
}

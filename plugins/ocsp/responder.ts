/** Asks responders over HTTP (RFC 6960, appendix A). */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Ports } from '../../kernel/plugin-api.ts';
import { encodeOcspRequest } from '../../protocols/x509/ocsp-request.ts';
import { identify, type Link } from './status.ts';

/** More than any response needs: they are of one or two KiB. */
export const RESPONSE_BYTES_MAX = 64 * 1024;

type World = Pick<Ports, 'network' | 'clock'>;

export function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url);
}

/** The first response anybody gives. Throws when nobody does. */
export async function askResponders(
  link: Link,
  urls: readonly string[],
  timeoutMs: number,
  world: World,
): Promise<Uint8Array> {
  if (urls.length === 0) throw new Error('no available ocsp servers');
  const question = encodeURIComponent(encodeOcspRequest(identify(link)).toString('base64'));
  let last: unknown;
  for (const url of urls) {
    try {
      return await ask(new URL(`${url.replace(/\/$/, '')}/${question}`), timeoutMs, world);
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`exhausted ocsp servers: ${(last as Error).message}`, { cause: last });
}

async function ask(url: URL, timeoutMs: number, { network, clock }: World): Promise<Uint8Array> {
  const isSecure = url.protocol === 'https:';
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port);
  const deadline = clock.monotonic() + timeoutMs;
  const transport = await network.connect({ host: url.hostname, port, timeoutMs });
  const bare = transport.duplex();
  const stream = isSecure ? connectTls({ socket: bare, servername: url.hostname }) : bare;
  const asked = request(url, { createConnection: () => stream, agent: false, headers: { connection: 'close' } });
  const timer = clock.after(Math.max(0, deadline - clock.monotonic()), () => {
    asked.destroy(new Error(`${url.host} did not answer in time`));
  });
  try {
    return await answerTo(asked);
  } finally {
    timer.cancel();
    discard(asked, stream, bare);
  }
}

function discard(asked: ClientRequest, ...streams: readonly Duplex[]): void {
  // What breaks while it is torn down is of no interest.
  asked.on('error', () => {});
  asked.destroy();
  for (const stream of streams) stream.on('error', () => {}).destroy();
}

function answerTo(asked: ClientRequest): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    asked.on('error', reject);
    asked.on('response', (response) => readBody(response).then(resolve, reject));
    asked.end();
  });
}

async function readBody(response: IncomingMessage): Promise<Uint8Array> {
  if (response.statusCode !== 200) throw new Error(`non-ok http status: ${response.statusCode}`);
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > RESPONSE_BYTES_MAX) throw new Error(`a response of more than ${RESPONSE_BYTES_MAX} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

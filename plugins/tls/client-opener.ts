/** TLS on the client port: between the accepted connection and the first line of the protocol. */
import type { HookTypes } from '../../kernel/plugin-api.ts';
import type { TlsConfig } from './config.ts';
import type { SecureStream, TlsSettings } from './contract.ts';
import { HandshakeTimeout } from './handshake.ts';
import type { HandshakeRateLimit } from './rate-limit.ts';

type Listener = HookTypes['server']['listener'];
type Opener = Parameters<Listener['addOpener']>[0];
type Opening = Parameters<Opener['open']>[0];
type Client = Opening['client'];

/** After whatever says where the connection comes from. */
const PLACE = 200;
const HANDSHAKE_RECORD = 0x16;
const SNIFFED_BYTES = 6;
/** A timer may run out a little before the clock says so. */
const TIMER_SLACK_MS = 5;
const FIRST_BYTES = 4;
const THROTTLED = 'Connection throttling is active. Please try again later.';
const TOO_MANY = 'Maximum Connections Exceeded';
const HANDSHAKE_FAILED = 'TLS Handshake Failure';

export interface ClientTls {
  readonly config: TlsConfig;
  readonly settings: TlsSettings;
  readonly limit: HandshakeRateLimit;
  accept(client: Client, isFirst: boolean, timeoutMs: number): Promise<SecureStream>;
  wrap(secure: SecureStream, client: Client): Client['transport'];
}

/** Only bare connections: those that come through another plugin, such as a WebSocket, have their own TLS or none. */
export function isBare({ kind }: { kind: string }): boolean {
  return kind === 'tcp' || kind === 'memory';
}

/** A connection within the process may do without, as any may where that is allowed. */
export function isOptionalFor({ kind }: { kind: string }, { allowsPlain }: TlsConfig): boolean {
  return allowsPlain || kind === 'memory';
}

/** `current` answers what holds now: a reload changes it for connections to come. */
export function clientOpener(current: () => ClientTls | null): Opener {
  return {
    place: PLACE,
    get delaysInfo() {
      const tls = current();
      return tls !== null && tls.settings.options.handshakeFirst !== false;
    },
    async open(opening) {
      const tls = current();
      if (tls === null || !isBare(opening.client.transport)) return;
      await secure(opening, tls);
    },
  };
}

async function secure(opening: Opening, tls: ClientTls): Promise<void> {
  const { client } = opening;
  const isOptional = isOptionalFor(client.transport, tls.config);
  const isFirst = await comesFirst(opening, tls.settings);
  if (!isFirst) opening.sendInfo();
  const deadline = client.broker.clock.monotonic() + tls.settings.options.timeoutMs;
  if (client.isClosed || (isOptional && !(await beginsTls(client, deadline)))) return;
  if (!tls.limit.allows()) {
    throttle(client);
    return;
  }
  // Looks before the TLS engine does: that one would answer a plain client with an alert.
  const isTls = await beginsTls(client, deadline);
  if (client.isClosed) return;
  if (isTls) await shakeHands(client, tls, isFirst, remaining(client, deadline));
  else
    fail(
      client,
      remaining(client, deadline) > TIMER_SLACK_MS
        ? new Error('the client does not speak TLS')
        : new HandshakeTimeout(),
    );
}

async function beginsTls(client: Client, deadline: number): Promise<boolean> {
  const bytes = await client.transport.peek(SNIFFED_BYTES, remaining(client, deadline));
  return bytes[0] === HANDSHAKE_RECORD;
}

function remaining({ broker }: Client, deadline: number): number {
  return Math.max(0, deadline - broker.clock.monotonic());
}

function throttle(client: Client): void {
  if (client.isClosed) return;
  client.sendError(THROTTLED);
  client.begin();
  client.close(TOO_MANY);
}

/** With a way back, a client that says nothing for a while is one that waits for INFO. */
async function comesFirst({ client }: Opening, { options }: TlsSettings): Promise<boolean> {
  const { handshakeFirst } = options;
  // Nobody within the process has a reason to begin with TLS, and waiting for it would hold up INFO.
  if (client.transport.kind === 'memory') return false;
  if (typeof handshakeFirst === 'boolean') return handshakeFirst;
  const bytes = await client.transport.peek(FIRST_BYTES, handshakeFirst.fallbackMs);
  return bytes.length > 0;
}

async function shakeHands(client: Client, tls: ClientTls, isFirst: boolean, timeoutMs: number): Promise<void> {
  try {
    const secureStream = await tls.accept(client, isFirst, timeoutMs);
    if (client.isClosed) secureStream.stream.destroy();
    else client.replaceTransport(tls.wrap(secureStream, client));
  } catch (error) {
    fail(client, error as Error);
  }
}

/** Without a word to the client: it could not read it. */
function fail(client: Client, error: Error): void {
  if (client.isClosed) return;
  const log = client.broker.logOf(client);
  log.error(error instanceof HandshakeTimeout ? error.message : `TLS handshake error: ${error.message}`);
  client.close(HANDSHAKE_FAILED);
}

/** Reads the header, if there is one, before anything else of the connection. */
import type { Clock, HookTypes, Log } from '../../kernel/plugin-api.ts';
import { PROXY_HEADER_BYTES_MAX, type ProxyHeader, parseProxyHeader } from '../../protocols/proxy/proxy-header.ts';

type Opener = Parameters<HookTypes['server']['listener']['addOpener']>[0];
type Client = Parameters<Opener['open']>[0]['client'];
type Transport = Client['transport'];

/** Before TLS, which begins behind the header. */
const PLACE = 100;
const TIMEOUT_MS = 5000;
const NO_PROXY = 'Protocol Violation';

export interface ProxyOpening {
  readonly opener: Opener;
  /** Whether the address of the connection is known to be the client's. */
  isSettled(connection: object & { readonly transport: { readonly kind: string } }): boolean;
}

export function proxyOpener(log: Log, clock: Clock): ProxyOpening {
  const settled = new WeakSet<object>();
  return {
    isSettled: (connection) => !mayBeProxied(connection.transport) || settled.has(connection),
    opener: {
      place: PLACE,
      delaysInfo: false,
      async open({ client }) {
        const { transport } = client;
        if (!mayBeProxied(transport)) return;
        const header = await readHeader(transport, clock);
        if (client.isClosed) return;
        if (typeof header === 'string') refuse(client, header, log);
        else if (header !== null) adopt(transport, header);
        settled.add(client);
      },
    },
  };
}

/** What comes through another plugin, or from within the process, has no proxy in front. */
function mayBeProxied({ kind }: { readonly kind: string }): boolean {
  return kind === 'tcp';
}

/** Null: none. A text: what is wrong with it. */
async function readHeader(transport: Transport, clock: Clock): Promise<ProxyHeader | null | string> {
  const deadline = clock.monotonic() + TIMEOUT_MS;
  for (let least = 1; ; ) {
    const remaining = Math.max(0, deadline - clock.monotonic());
    const bytes = await transport.peek(PROXY_HEADER_BYTES_MAX, remaining, least);
    const parsed = bytes.length === 0 ? null : parseProxyHeader(bytes);
    if (parsed?.kind === 'header') return parsed;
    if (parsed?.kind === 'none') return null;
    if (parsed?.kind === 'error') return parsed.reason;
    if (bytes.length < least) return 'it did not come in time';
    least = parsed?.least ?? least;
  }
}

/** Without a word: whatever is at the other end does not speak our protocol. */
function refuse(client: Client, reason: string, log: Log): void {
  const { host, port } = client.transport.remote;
  log.warn(`Error reading PROXY protocol header from ${host}:${port}: ${reason}`);
  client.close(NO_PROXY);
}

function adopt(transport: Transport, { consumed, source }: ProxyHeader): void {
  transport.discard(consumed);
  if (source === null) return;
  // Each transport has an address of its own; whatever shows the connection looks there.
  transport.remote.host = source.host;
  transport.remote.port = source.port;
}

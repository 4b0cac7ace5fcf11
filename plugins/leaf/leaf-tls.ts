/** TLS of the listener for leafs, and of connections to hubs. */
import {
  type ConfigNode,
  type Disposer,
  type Log,
  Problems,
  renderProblems,
  StreamTransport,
  type Transport,
} from '../../kernel/plugin-api.ts';
import type { TlsContexts, TlsSettings } from '../tls/contract.ts';

/** A handshake begins with this byte; nothing a server says in the open does. */
const HANDSHAKE = 0x16;

export class TlsSide {
  settings: TlsSettings;
  private readonly tls: TlsContexts;
  private readonly log: Log;
  private node: ConfigNode;
  private stopWatching: Disposer = () => {};

  /** Throws with everything that is wrong. */
  constructor(tls: TlsContexts, node: ConfigNode, log: Log) {
    this.tls = tls;
    this.node = node;
    this.log = log;
    this.settings = this.load(node);
  }

  get timeoutMs(): number {
    return this.settings.options.timeoutMs;
  }

  /** Throws, and leaves things as they are, when the new block cannot be used. */
  async replace(node: ConfigNode): Promise<void> {
    const settings = this.load(node);
    const stop = await this.tls.watchStatuses(settings, 'Leafnode');
    this.stopWatching();
    this.stopWatching = stop;
    this.settings = settings;
    this.node = node;
  }

  /** The files may have changed although the block did not. What worked goes on until something else works. */
  async renew(): Promise<void> {
    try {
      await this.replace(this.node);
    } catch (error) {
      this.log.error(`the certificates stay as they were: ${(error as Error).message}`);
    }
  }

  close(): void {
    this.stopWatching();
  }

  async accept(transport: Transport): Promise<Transport> {
    const { stream, facts } = await this.tls.accept(transport.duplex(), this.settings);
    return new StreamTransport(stream, { kind: 'tls', remote: transport.remote, local: transport.local, tls: facts });
  }

  async connect(transport: Transport, host: string): Promise<Transport> {
    const { stream, facts } = await this.tls.connect(transport.duplex(), this.settings, { host });
    return new StreamTransport(stream, { kind: 'tls', remote: transport.remote, local: transport.local, tls: facts });
  }

  private load(node: ConfigNode): TlsSettings {
    const problems = new Problems();
    const options = this.tls.readBlock(node, 'client', problems);
    if (problems.hasErrors) throw new Error(renderProblems(problems.list));
    return this.tls.load(options);
  }
}

/** Whether the other side begins with a handshake rather than waiting to be told who is there. */
export async function comesFirst({ settings }: TlsSide, transport: Transport): Promise<boolean> {
  const { handshakeFirst } = settings.options;
  if (typeof handshakeFirst === 'boolean') return handshakeFirst;
  const bytes = await transport.peek(1, handshakeFirst.fallbackMs);
  return bytes.length > 0 && bytes[0] === HANDSHAKE;
}

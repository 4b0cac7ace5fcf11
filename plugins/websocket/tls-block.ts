/** The TLS block of the listener: read and loaded by the plugin that knows TLS. */
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

export class TlsBlock {
  settings: TlsSettings;
  private readonly tls: TlsContexts;
  private readonly log: Log;
  private node: ConfigNode;

  private stopWatching: Disposer = () => {};
  private readonly stopMapping: Disposer;

  /** Throws with everything that is wrong. `replace` with the same block makes it ready. */
  constructor(tls: TlsContexts, node: ConfigNode, log: Log) {
    this.tls = tls;
    this.node = node;
    this.log = log;
    this.settings = this.load(node);
    this.stopMapping = tls.mapsUsers('WEBSOCKET', () => this.settings.options.mapsIdentity);
  }

  /** Throws, and leaves things as they are, when the new block cannot be used. */
  async replace(node: ConfigNode): Promise<void> {
    const settings = this.load(node);
    const stop = await this.tls.watchStatuses(settings, 'Websocket');
    this.stopWatching();
    this.stopWatching = stop;
    this.settings = settings;
    this.node = node;
  }

  close(): void {
    this.stopWatching();
    this.stopMapping();
  }

  /** The files may have changed although the block did not. What worked goes on until something else works. */
  async renew(): Promise<void> {
    try {
      await this.replace(this.node);
    } catch (error) {
      this.log.error(`the certificates stay as they were: ${(error as Error).message}`);
    }
  }

  async secure(transport: Transport, timeoutMs: number): Promise<Transport> {
    const { remote, local } = transport;
    const { stream, facts } = await this.tls.accept(transport.duplex(), this.settings, { timeoutMs });
    return new StreamTransport(stream, { kind: 'tls', remote, local, tls: facts });
  }

  private load(node: ConfigNode): TlsSettings {
    const problems = new Problems();
    const options = this.tls.readBlock(node, 'client', problems);
    if (problems.hasErrors) throw new Error(renderProblems(problems.list));
    if (options.certificates.length === 0) throw new Error('websocket requires TLS configuration');
    return this.tls.load(options);
  }
}

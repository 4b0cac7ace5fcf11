/** TLS between servers of a cluster: both show certificates, whoever connects. */
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
import type { RouteUrl } from './route-url.ts';

const ADDRESS = /^[\d.]+$|:/;

export class RouteTls {
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
    const stop = await this.tls.watchStatuses(settings, 'Route');
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

  /** `knownHosts`: of the configured URLs, for those who check that. */
  async accept(transport: Transport, knownHosts: () => readonly string[]): Promise<Transport> {
    const { settings, tls } = this;
    const { stream, facts } = await tls.accept(transport.duplex(), settings);
    const secure = new StreamTransport(stream, {
      kind: 'tls',
      remote: transport.remote,
      local: transport.local,
      tls: facts,
    });
    const [certificate] = facts.peerCertificates;
    if (!settings.options.checksKnownUrls) return secure;
    if (certificate !== undefined && tls.namesKnownHost(certificate, knownHosts())) return secure;
    secure.destroy();
    throw new Error('the certificate names no known URL');
  }

  /** Whoever was only heard of by address has to prove to be one of the servers that are known by name. */
  async connect(transport: Transport, host: string, urls: readonly RouteUrl[]): Promise<Transport> {
    const { remote, local } = transport;
    const named = ADDRESS.test(host) ? urls.find((url) => !ADDRESS.test(url.host))?.host : undefined;
    const { stream, facts } = await this.tls.connect(transport.duplex(), this.settings, { host: named ?? host });
    return new StreamTransport(stream, { kind: 'tls', remote, local, tls: facts });
  }

  private load(node: ConfigNode): TlsSettings {
    const problems = new Problems();
    const options = this.tls.readBlock(node, 'server', problems);
    if (problems.hasErrors) throw new Error(renderProblems(problems.list));
    return this.tls.load(options);
  }
}

/** A block of the form of `tls` that stands somewhere else, while its owner listens or dials by it. */
import {
  type ConfigNode,
  type Disk,
  type Disposer,
  Problems,
  renderProblems,
  StreamTransport,
  type Transport,
} from '../../kernel/plugin-api.ts';
import { readTlsBlock } from './block.ts';
import type { BlockAccept, BlockUse, ConnectOptions, SecureStream, TlsBlock, TlsSettings } from './contract.ts';
import type { Handshakes } from './handshakes.ts';
import { nameInCertificate } from './identity/name-in-certificate.ts';
import { certificateNamesKnownHost } from './known-urls.ts';
import { loadSettings } from './settings.ts';

/** A handshake begins with this byte; nothing a server says in the open does. */
const HANDSHAKE = 0x16;
const NOTHING: Disposer = () => {};

export interface BlockSurroundings {
  readonly disk: Pick<Disk, 'readFileSync'>;
  readonly handshakes: Handshakes;
  /** Has the plugin know of a listener that maps certificates to users. */
  mapsUsers(use: BlockUse, isOn: () => boolean): Disposer;
}

export class OpenBlock implements TlsBlock {
  settings: TlsSettings;
  private readonly use: BlockUse;
  private readonly world: BlockSurroundings;
  private node: ConfigNode;
  private readonly stopMapping: Disposer;
  private stopWatching = NOTHING;

  /** Throws with everything that is wrong. */
  constructor(node: ConfigNode, use: BlockUse, world: BlockSurroundings) {
    this.use = use;
    this.world = world;
    this.node = node;
    this.settings = this.load(node);
    this.stopMapping = world.mapsUsers(use, () => this.settings.options.mapsIdentity);
  }

  get timeoutMs(): number {
    return this.settings.options.timeoutMs;
  }

  showStatuses(): Promise<void> {
    return this.take(this.node, this.settings);
  }

  async replace(node: ConfigNode): Promise<void> {
    await this.take(node, this.load(node));
  }

  async renew(): Promise<void> {
    try {
      await this.replace(this.node);
    } catch (error) {
      this.use.log.error(`the certificates stay as they were: ${(error as Error).message}`);
    }
  }

  close(): void {
    this.stopWatching();
    this.stopMapping();
  }

  userOf<User extends { readonly user: string }>({ tls }: Transport, users: readonly User[]): User | undefined {
    const names = users.map(({ user }) => user);
    const name = nameInCertificate(tls?.peerCertificates[0], names);
    return name === undefined ? undefined : users.find(({ user }) => user === name);
  }

  async comesFirst(transport: Transport): Promise<boolean> {
    const { handshakeFirst } = this.settings.options;
    if (typeof handshakeFirst === 'boolean') return handshakeFirst;
    const bytes = await transport.peek(1, handshakeFirst.fallbackMs);
    return bytes.length > 0 && bytes[0] === HANDSHAKE;
  }

  async accept(transport: Transport, { timeoutMs, knownHosts }: BlockAccept = {}): Promise<Transport> {
    const { settings, world } = this;
    const secured = await world.handshakes.accept(transport.duplex(), settings, { isFirst: false, timeoutMs });
    const secure = over(transport, secured);
    const [certificate] = secured.facts.peerCertificates;
    if (knownHosts === undefined || !settings.options.checksKnownUrls) return secure;
    if (certificate !== undefined && certificateNamesKnownHost(certificate, knownHosts())) return secure;
    secure.destroy();
    throw new Error('the certificate names no known URL');
  }

  async connect(transport: Transport, options: ConnectOptions): Promise<Transport> {
    return over(transport, await this.world.handshakes.connect(transport.duplex(), this.settings, options));
  }

  /** Changes nothing when it fails. */
  private async take(node: ConfigNode, settings: TlsSettings): Promise<void> {
    const stop = await this.world.handshakes.watchStatuses(settings, this.use.kind);
    this.stopWatching();
    this.stopWatching = stop;
    this.settings = settings;
    this.node = node;
  }

  private load(node: ConfigNode): TlsSettings {
    const problems = new Problems();
    const { role, withoutCertificate } = this.use;
    const options = readTlsBlock(node, role, problems);
    if (problems.hasErrors) throw new Error(renderProblems(problems.list));
    if (withoutCertificate !== undefined && options.certificates.length === 0) throw new Error(withoutCertificate);
    return loadSettings(options, this.world.disk);
  }
}

function over({ remote, local }: Transport, { stream, facts }: SecureStream): Transport {
  return new StreamTransport(stream, { kind: 'tls', remote, local, tls: facts });
}

/** The handshakes under way, so that none outlives the plugin. */
import type { Duplex } from 'node:stream';
import { type Clock, type Disposer, pluginNeeded } from '../../kernel/plugin-api.ts';
import type { CertificateStatuses } from '../ocsp/contract.ts';
import { connect } from './client-handshake.ts';
import type { ConnectOptions, SecureStream, TlsSettings } from './contract.ts';
import { accept, type Handshake } from './handshake.ts';

export class Handshakes {
  readonly #clock: Clock;
  readonly #underWay = new Set<Duplex>();

  /** Undefined where no plugin knows of revocation. */
  statuses: CertificateStatuses | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  accept(stream: Duplex, settings: TlsSettings, handshake: Handshake): Promise<SecureStream> {
    const world = { clock: this.#clock, statuses: this.statuses };
    return this.#watched(stream, () => accept(stream, settings, world, handshake));
  }

  connect(stream: Duplex, settings: TlsSettings, options: ConnectOptions): Promise<SecureStream> {
    return this.#watched(stream, () => connect(stream, settings, this.#clock, options));
  }

  async #watched(stream: Duplex, handshake: () => Promise<SecureStream>): Promise<SecureStream> {
    this.#underWay.add(stream);
    try {
      return await handshake();
    } finally {
      this.#underWay.delete(stream);
    }
  }

  /** Throws when the settings ask for what no plugin does. */
  async watchStatuses({ options, certificates }: TlsSettings, kind: string): Promise<Disposer> {
    if (this.statuses !== undefined) return this.statuses.watch(certificates, kind);
    if (options.peerStatus !== null) throw new Error(pluginNeeded('"ocsp_peer"', 'ocsp'));
    return () => {};
  }

  abandon(): void {
    for (const stream of this.#underWay) stream.destroy();
  }
}

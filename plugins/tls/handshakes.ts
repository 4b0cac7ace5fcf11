/** The handshakes under way, so that none outlives the plugin. */
import type { Duplex } from 'node:stream';
import type { Clock } from '../../kernel/plugin-api.ts';
import type { SecureStream, TlsSettings } from './contract.ts';
import { accept, type Handshake } from './handshake.ts';

export class Handshakes {
  readonly #clock: Clock;
  readonly #underWay = new Set<Duplex>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async accept(stream: Duplex, settings: TlsSettings, handshake: Handshake): Promise<SecureStream> {
    this.#underWay.add(stream);
    try {
      return await accept(stream, settings, this.#clock, handshake);
    } finally {
      this.#underWay.delete(stream);
    }
  }

  abandon(): void {
    for (const stream of this.#underWay) stream.destroy();
  }
}

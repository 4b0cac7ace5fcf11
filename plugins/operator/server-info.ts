/** How this server is named in its answers, where nobody names it in everything it says. */
import { type Broker, NATS_VERSION } from '../../kernel/plugin-api.ts';

interface Traits {
  readonly domain?: string;
  readonly jetstream: boolean;
  readonly flags: number;
}

const PLAIN: Traits = { jetstream: false, flags: 0 };

export class ServerInfoStamp {
  private readonly broker: Broker;
  private sequence = 0;

  constructor(broker: Broker) {
    this.broker = broker;
  }

  /** Each has a higher number than the one before. */
  next(): object {
    const { advertised, clock, identity, name, options } = this.broker;
    const { serverTraits = PLAIN } = options as { readonly serverTraits?: typeof PLAIN };
    return {
      name,
      host: advertised.host,
      id: identity.id,
      domain: serverTraits.domain,
      ver: NATS_VERSION,
      jetstream: serverTraits.jetstream,
      flags: serverTraits.flags,
      seq: ++this.sequence,
      time: new Date(clock.now()).toISOString(),
    };
  }
}

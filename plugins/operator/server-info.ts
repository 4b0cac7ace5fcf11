/** How this server is named in its answers, where nobody names it in everything it says. */
import { type Broker, NATS_VERSION } from '../../kernel/plugin-api.ts';

export class ServerInfoStamp {
  private readonly broker: Broker;
  private sequence = 0;

  constructor(broker: Broker) {
    this.broker = broker;
  }

  /** Each has a higher number than the one before. */
  next(): object {
    const { advertised, clock, identity, name } = this.broker;
    return {
      name,
      host: advertised.host,
      id: identity.id,
      ver: NATS_VERSION,
      jetstream: false,
      flags: 0,
      seq: ++this.sequence,
      time: new Date(clock.now()).toISOString(),
    };
  }
}

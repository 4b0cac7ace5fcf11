/** What a report says about the server that made it, where nobody else provides that. */
import { type Broker, NATS_VERSION, wireTime } from '../../kernel/plugin-api.ts';

/** Describes the server anew for each message that is published. */
export type ServerStamp = () => object;

export function plainStamp(broker: Broker): ServerStamp {
  let published = 0;
  return () => ({
    name: broker.name,
    host: broker.advertised.host,
    id: broker.identity.id,
    ver: NATS_VERSION,
    jetstream: false,
    flags: 0,
    seq: ++published,
    time: wireTime(broker.clock.now()),
  });
}

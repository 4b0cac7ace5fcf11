/** How this server is named in what it says: a higher number each time, over all messages, or others take it for lost. */
import { type Broker, NATS_VERSION, wireTime } from '../../kernel/plugin-api.ts';

/** Options that the kernel's options carry when the broker runs from a configuration. */
interface DescribedOptions {
  readonly serverTags?: readonly string[];
  readonly serverMetadata?: Readonly<Record<string, string>>;
  readonly featureFlags?: Readonly<Record<string, boolean>>;
  /** Of plugins: what else the server is. */
  readonly serverTraits?: { readonly domain?: string; readonly jetstream: boolean; readonly flags: number };
}

const PLAIN = { domain: undefined, jetstream: false, flags: 0 };

/** Switches of the reference server; nothing here is switched by them. */
const FEATURE_FLAGS = {
  js_ack_fc_v2: false,
  js_api_reply_v2: false,
  js_raft_delete_range: false,
  js_snapshot_sources: false,
};

export class ServerStamp {
  readonly #broker: Broker;
  #published = 0;
  /** The cluster's name; absent outside of one. */
  clusterName: () => string | undefined = () => undefined;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  get tags(): readonly string[] {
    return (this.#broker.options as DescribedOptions).serverTags ?? [];
  }

  /** Good for one message. */
  next(): object {
    const { name, advertised, identity, clock, options } = this.#broker;
    const { serverMetadata = {}, featureFlags, serverTraits = PLAIN } = options as DescribedOptions;
    return {
      name,
      host: advertised.host,
      id: identity.id,
      cluster: this.clusterName(),
      domain: serverTraits.domain,
      ver: NATS_VERSION,
      tags: this.tags.length > 0 ? this.tags : undefined,
      metadata: Object.keys(serverMetadata).length > 0 ? serverMetadata : undefined,
      feature_flags: { ...FEATURE_FLAGS, ...featureFlags },
      jetstream: serverTraits.jetstream,
      flags: serverTraits.flags,
      seq: ++this.#published,
      time: wireTime(clock.now()),
    };
  }
}

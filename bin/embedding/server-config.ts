/** What a program hands over to get a broker. */
import type { CoreInput } from '../../kernel/config/core-options.ts';
import type { ConfigInput } from '../../kernel/config/load.ts';
import type { PluginRequest } from '../../kernel/host/resolve.ts';
import type { Log } from '../../kernel/log.ts';
import type { Ports } from '../../kernel/ports/ports.ts';

/** A configuration to begin with; the keys that stand beside it take the place of its own. */
export interface ConfigSource {
  /** A nats-server.conf. */
  readonly configFile?: string;
  /** The same as text. */
  readonly configText?: string;
}

/**
 * The keys of the configuration file. The kernel's own ones are typed; any other is a plugin's. No port is opened
 * unless `port` or `listen` says so.
 */
export type ServerConfig = ConfigSource & CoreInput & { readonly [key: string]: ConfigInput[string] };

export interface ServerExtras {
  /** Besides those of the configuration: definitions, names of packages, paths, or one of these with its options. */
  readonly plugins?: readonly PluginRequest[];
  /** Another clock, chance, network and disk than the machine's. */
  readonly ports?: Partial<Ports>;
  /** Where log lines go; nowhere unless told. `console` will do. */
  readonly log?: Partial<Log>;
}

export interface SplitConfig {
  readonly source: ConfigSource;
  readonly keys: ConfigInput;
}

export function splitConfig(config: ServerConfig): SplitConfig {
  const { configFile, configText, ...keys } = config;
  return { source: { configFile, configText }, keys };
}

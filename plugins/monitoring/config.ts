/** Where the monitor listens. */
import type { ConfigChange, ConfigSchema, ConfigSources, Problems, ReloadAnswer } from '../../kernel/plugin-api.ts';
import { defineSchema, fields } from '../../kernel/plugin-api.ts';

export interface MonitoringConfig {
  /** Empty: the host clients connect to. */
  readonly host: string;
  /** 0: no listener. -1: any free port. */
  readonly httpPort: number;
  readonly httpsPort: number;
  /** As it was written. */
  readonly basePath: string;
  /** Visitors at a time. */
  readonly connectionsMax: number;
}

export const monitoringFields = defineSchema({
  http: fields.listen('http', {
    host: 'host',
    port: 'httpPort',
    doc: 'Where the monitor answers: a port, or host:port.',
  }),
  https: fields.listen('https', { host: 'host', port: 'httpsPort', doc: 'The same over TLS; needs the block `tls`.' }),
  host: fields.string('monitor_host', { default: '', doc: 'Set by `http` and `https`.' }),
  httpPort: fields.integer('http_port', {
    default: 0,
    aliases: ['monitor_port'],
    maximum: 65_535,
    doc: 'The port alone. -1 picks a free one.',
  }),
  httpsPort: fields.integer('https_port', { default: 0, maximum: 65_535, doc: 'The same over TLS.' }),
  basePath: fields.string('http_base_path', { default: '', doc: 'The path in front of all endpoints.' }),
  connectionsMax: fields.integer('http_max_connections', {
    default: 512,
    minimum: 1,
    maximum: 65_535,
    doc: 'How many may look at the monitor at a time.',
  }),
});

/** Every key stands by itself on the top level of the file, so they are put together here before they are read. */
export const monitoringSchema: ConfigSchema<MonitoringConfig> = {
  read(node: unknown, problems: Problems, sources: ConfigSources): MonitoringConfig {
    const entries = new Map<string, Entry>();
    addEntry(entries, 'http', node);
    for (const key of ['https', 'http_port', 'https_port', 'http_base_path', 'http_max_connections'])
      addEntry(entries, key, sources.also(key));
    const place = { file: '', line: 0, column: 0 };
    const { host, httpPort, httpsPort, basePath, connectionsMax } = monitoringFields.read(
      { kind: 'map', value: entries, ...place },
      problems,
    );
    return { host, httpPort, httpsPort, basePath, connectionsMax };
  },
};

type Node = NonNullable<Parameters<typeof monitoringFields.read>[0]>;
type Entry = Extract<Node, { kind: 'map' }>['value'] extends Map<string, infer Value> ? Value : never;

function addEntry(entries: Map<string, Entry>, key: string, given: unknown): void {
  if (given === undefined) return;
  const value = given as Node;
  const { file, line, column } = value;
  entries.set(key, { key, value, file, line, column, isReferenced: false });
}

const INTERNAL_NAMES = {
  httpPort: 'HTTPPort',
  basePath: 'HTTPBasePath',
  httpsPort: 'HTTPSPort',
  host: 'HTTPHost',
} as const;

/** The monitor does not move while it runs. */
export function reloadAnswer({ before, after }: ConfigChange<MonitoringConfig>): ReloadAnswer {
  for (const [key, name] of Object.entries(INTERNAL_NAMES)) {
    const [old, now] = [before, after].map((config) => config[key as keyof MonitoringConfig]);
    if (old !== now) return { refuse: `config reload not supported for ${name}: old=${old}, new=${now}` };
  }
  return 'live';
}

/** Every flag of the command line, and which option of the configuration it takes the place of. */

export type FlagType = 'boolean' | 'integer' | 'text';

export interface Flag {
  /** The first one names it in the usage. */
  readonly names: readonly string[];
  readonly type: FlagType;
  /** Option keys that get the value as it is; a dot leads into a block. */
  readonly sets?: readonly string[];
  /** The plugin without which the flag means nothing. */
  readonly owner?: string;
  /** Shown in the usage instead of the value. */
  readonly value?: string;
  readonly summary: string;
  readonly group: FlagGroup;
}

export type FlagGroup =
  | 'Server'
  | 'Logging'
  | 'Authorization'
  | 'TLS'
  | 'Cluster'
  | 'Streams'
  | 'Profiling'
  | 'General';

function flag(group: FlagGroup, names: string, type: FlagType, summary: string, more: Partial<Flag> = {}): Flag {
  return { group, names: names.split(' '), type, summary, ...more };
}

export const FLAGS: readonly Flag[] = [
  flag('Server', 'a addr net', 'text', 'Listen on this host (default 0.0.0.0)', { value: '<host>', sets: ['host'] }),
  flag('Server', 'p port', 'integer', 'Port for clients (default 4222, -1: any free one)', {
    value: '<port>',
    sets: ['port'],
  }),
  flag('Server', 'n name server_name', 'text', 'Name of this server (default: its id)', {
    value: '<name>',
    sets: ['server_name'],
  }),
  flag('Server', 'client_advertise', 'text', 'Address clients are told to connect to', {
    value: '<host:port>',
    sets: ['client_advertise'],
  }),
  flag('Server', 'P pid', 'text', 'Write the process id to this file', { value: '<file>', sets: ['pid_file'] }),
  flag('Server', 'ports_file_dir', 'text', 'Write the ports file (nats-server_<pid>.ports) to this folder', {
    value: '<dir>',
    sets: ['ports_file_dir'],
  }),
  flag('Server', 'm http_port', 'integer', 'Port for monitoring over HTTP', { value: '<port>', sets: ['http_port'] }),
  flag('Server', 'ms https_port', 'integer', 'Port for monitoring over HTTPS', {
    value: '<port>',
    sets: ['https_port'],
  }),
  flag('Server', 'c config', 'text', 'Configuration file', { value: '<file>' }),
  flag('Server', 't', 'boolean', 'Check the configuration file and exit'),
  flag('Server', 'sl signal', 'text', 'Send a signal to a running server: stop, quit, term, reopen, reload, ldm', {
    value: '<signal>[=<pid>|<pid file>]',
  }),

  flag('Logging', 'l log', 'text', 'Log to this file', { value: '<file>', sets: ['log_file'] }),
  flag('Logging', 'T logtime', 'boolean', 'Begin log lines with the time (default true)', { sets: ['logtime'] }),
  flag('Logging', 'logtime_utc', 'boolean', 'Log times in UTC', { sets: ['logtime_utc'] }),
  flag('Logging', 's syslog', 'boolean', 'Log to the system log', { sets: ['syslog'] }),
  flag('Logging', 'r remote_syslog', 'text', 'Log to the system log of another machine', {
    value: '<udp://host:port>',
    sets: ['remote_syslog'],
  }),
  flag('Logging', 'D debug', 'boolean', 'Log what helps to find faults', { sets: ['debug'] }),
  flag('Logging', 'V trace', 'boolean', 'Log the protocol', { sets: ['trace'] }),
  flag('Logging', 'VV', 'boolean', 'Log the protocol, as -V does', { sets: ['trace_verbose'] }),
  flag('Logging', 'DV', 'boolean', 'Debug and trace', { sets: ['debug', 'trace'] }),
  flag('Logging', 'DVV', 'boolean', 'Debug and verbose trace', { sets: ['debug', 'trace_verbose'] }),
  flag('Logging', 'log_size_limit', 'integer', 'Begin a new log file at this size', {
    value: '<bytes>',
    sets: ['log_size_limit'],
  }),
  flag('Logging', 'max_traced_msg_len', 'integer', 'How much of a payload a trace line shows', {
    value: '<bytes>',
    sets: ['max_traced_msg_len'],
  }),

  flag('Authorization', 'user', 'text', 'The user everybody has to log in as', { value: '<name>' }),
  flag('Authorization', 'pass', 'text', 'Their password', { value: '<password>' }),
  flag('Authorization', 'auth', 'text', 'The token everybody has to show', { value: '<token>' }),

  flag('TLS', 'tls', 'boolean', 'TLS for clients; --tls=false turns off what the file configures'),
  flag('TLS', 'tlscert', 'text', 'Certificate of the server', { value: '<file>' }),
  flag('TLS', 'tlskey', 'text', 'Private key of the server', { value: '<file>' }),
  flag('TLS', 'tlsverify', 'boolean', 'Ask clients for certificates and verify them'),
  flag('TLS', 'tlscacert', 'text', 'Certificates that vouch for those of clients', { value: '<file>' }),

  flag('Cluster', 'routes', 'text', 'Servers to form a cluster with', { value: '<url,url,...>', owner: 'route' }),
  flag('Cluster', 'cluster cluster_listen', 'text', 'Where other servers connect', { value: '<url>', owner: 'route' }),
  flag('Cluster', 'cluster_name', 'text', 'Name of the cluster', {
    value: '<name>',
    owner: 'route',
    sets: ['cluster.name'],
  }),
  flag('Cluster', 'cluster_advertise', 'text', 'Address other servers are told to connect to', {
    value: '<host:port>',
    owner: 'route',
    sets: ['cluster.cluster_advertise'],
  }),
  flag('Cluster', 'no_advertise', 'boolean', 'Do not tell other servers of this one', {
    owner: 'route',
    sets: ['cluster.no_advertise'],
  }),
  flag('Cluster', 'connect_retries', 'integer', 'How often to retry servers that others told of', {
    value: '<number>',
    owner: 'route',
    sets: ['cluster.connect_retries'],
  }),

  flag('Streams', 'js jetstream', 'boolean', 'Streams and consumers', {
    owner: 'jetstream',
    sets: ['jetstream.enabled'],
  }),
  flag('Streams', 'sd store_dir', 'text', 'Folder for what streams keep', {
    value: '<dir>',
    owner: 'jetstream',
    sets: ['store_dir'],
  }),

  flag('Profiling', 'profile', 'integer', 'Port for profiling over HTTP', { value: '<port>', sets: ['prof_port'] }),

  flag('General', 'h help', 'boolean', 'Show this'),
  flag('General', 'v version', 'boolean', 'Show the version'),
  flag('General', 'help_tls', 'boolean', 'Show help on TLS'),
];

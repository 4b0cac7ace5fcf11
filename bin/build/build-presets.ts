/** What the presets put into a build: which of it runs is for the configuration to say. */
import { KNOWN_PLUGINS } from '../built-in.ts';

export const BUILD_PRESETS: ReadonlyMap<string, readonly string[]> = new Map([
  ['core', []],
  ['edge', ['leaf', 'auth', 'tls']],
  [
    'standard',
    [
      'auth',
      'tls',
      'monitoring',
      'metrics',
      'system-events',
      'message-trace',
      'account-sharing',
      'websocket',
      'jetstream',
      'storage-file',
      'storage-memory',
    ],
  ],
  ['full', KNOWN_PLUGINS.filter(({ load }) => load !== undefined).map(({ name }) => name)],
]);

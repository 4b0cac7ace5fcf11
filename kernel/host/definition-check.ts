/** Whether something that claims to be a plugin has a plugin's shape: it may come from a package nobody here compiled. */
import { PluginError } from '../hooks/plugin-error.ts';
import type { Cardinality, Phase, PluginDefinition } from './plugin-definition.ts';

const NAME = /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/;
const CARDINALITIES: readonly Cardinality[] = ['one', 'named', 'chain'];
const PHASE_FUNCTIONS: readonly Phase[] = ['register', 'init', 'listen', 'ready', 'reload', 'drain', 'close'];
const LISTS = ['provides', 'requires', 'flags', 'verbs', 'subjects', 'endpoints', 'before', 'after'] as const;

/** Throws with everything that is wrong. `source` says where the value came from. */
export function checkDefinition(value: unknown, source: string): asserts value is PluginDefinition {
  const faults = typeof value === 'object' && value !== null ? [...faultsOf(value as Fields)] : ['it is not an object'];
  if (faults.length === 0) return;
  const name = typeof (value as Fields | null)?.name === 'string' ? (value as { name: string }).name : null;
  throw new PluginError(
    'PLUGIN_INVALID',
    `${name === null ? 'what came' : `plugin "${name}"`} from ${source} is not a plugin, ${faults.join(', ')}`,
    'make it with definePlugin({ name, version, api, ... })',
    name === null ? {} : { plugin: name },
  );
}

type Fields = Record<string, unknown>;

function* faultsOf(fields: Fields): Iterable<string> {
  if (typeof fields.name !== 'string' || !NAME.test(fields.name)) {
    yield `name ${shown(fields.name)} must be lower case letters, digits, dots and dashes`;
  }
  if (typeof fields.version !== 'string' || fields.version === '')
    yield `version ${shown(fields.version)} must be a text`;
  if (!Array.isArray(fields.api) || fields.api.length === 0 || !fields.api.every(Number.isInteger)) {
    yield `api ${shown(fields.api)} must be a list of version numbers`;
  }
  for (const list of LISTS) {
    if (fields[list] !== undefined && !Array.isArray(fields[list])) yield `${list} must be a list`;
  }
  for (const phase of PHASE_FUNCTIONS) {
    if (fields[phase] !== undefined && typeof fields[phase] !== 'function') yield `${phase} must be a function`;
  }
  if (fields.mayComeAndGo !== undefined && typeof fields.mayComeAndGo !== 'boolean') {
    yield `mayComeAndGo ${shown(fields.mayComeAndGo)} must be true or false`;
  }
  yield* capabilityFaults(fields, 'provides');
  yield* capabilityFaults(fields, 'requires');
  yield* configFaults(fields.config);
}

function* capabilityFaults(fields: Fields, list: 'provides' | 'requires'): Iterable<string> {
  if (!Array.isArray(fields[list])) return;
  for (const entry of fields[list] as Fields[]) {
    const name = shown(entry?.name);
    if (typeof entry?.name !== 'string') yield `${list} has an entry without a name`;
    else if (!CARDINALITIES.includes(entry.cardinality as Cardinality)) {
      yield `${list} ${name} has the cardinality ${shown(entry.cardinality)}, not one, named or chain`;
    } else if (list === 'provides' && entry.cardinality === 'named' && typeof entry.id !== 'string') {
      yield `provides ${name} is named and needs an id`;
    }
  }
}

function* configFaults(config: unknown): Iterable<string> {
  if (config === undefined) return;
  const fields = config as Fields | null;
  if (typeof fields?.key !== 'string') yield 'config needs a key';
  if (typeof (fields?.schema as Fields | undefined)?.read !== 'function')
    yield 'config needs a schema with a read function';
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : String(JSON.stringify(value));
}

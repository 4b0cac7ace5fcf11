/**
 * The kinds of fields a schema is made of.
 *
 * Every maker takes the key first and then what all fields have in common: default, aliases, live class and a
 * line of documentation.
 */
import type { Steps } from '../ports/steps.ts';
import { asArray, asBoolean, asInteger, asMap, asString } from './conversion.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { type ConfigNode, type MapNode, typeName } from './grammar/node.ts';
import type { PlainValue } from './plain.ts';
import type { Field, Fields, FieldUse, LiveClass, OptionsOf, PlainOptions, Schema, Spread } from './schema.ts';

export interface FieldSettings<Value> {
  readonly default: Value;
  readonly doc: string;
  readonly aliases?: readonly string[];
  /** Without it a change makes the reload fail. */
  readonly live?: LiveClass;
  readonly internalName?: string;
  readonly also?: readonly string[];
  readonly print?: (value: Value) => string;
  /** For values that may be long. */
  readonly readInSteps?: (node: ConfigNode, use: FieldUse) => Steps<Value | undefined>;
  /** Said of a value of the wrong type, where the usual words will not do. */
  readonly wrongType?: (key: string, node: ConfigNode) => string;
}

/** A field with a reader of its own. */
export function custom<Key extends string, Value, Input = PlainValue>(
  key: Key,
  type: string,
  read: (node: ConfigNode, use: FieldUse) => Value | undefined,
  settings: FieldSettings<Value>,
): Field<Key, Value, Input> {
  return {
    key,
    type,
    read,
    default: settings.default,
    doc: settings.doc,
    aliases: settings.aliases ?? [],
    live: settings.live ?? 'no',
    internalName: settings.internalName ?? internalNameOf(key),
    also: settings.also ?? [],
    print: settings.print ?? String,
    readInSteps: settings.readInSteps,
    isSpread: false,
  };
}

function internalNameOf(key: string): string {
  return key.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** With `isInverted` the option says the contrary of the key, so that names in the program state facts. */
export function boolean<Key extends string>(
  key: Key,
  settings: FieldSettings<boolean> & { isInverted?: boolean },
): Field<Key, boolean, boolean> {
  const flip = settings.isInverted === true;
  const read = (node: ConfigNode, use: FieldUse): boolean | undefined => {
    if (isWrongType(node, 'boolean', use, settings)) return undefined;
    const value = asBoolean(node, use.problems);
    return value === undefined ? undefined : value !== flip;
  };
  return custom(key, 'boolean', read, { print: (value) => String(value !== flip), ...settings });
}

export interface IntegerSettings extends FieldSettings<number> {
  readonly minimum?: number;
  readonly maximum?: number;
  /** Said of values below and above; without them the limit is named. */
  readonly tooSmall?: (key: string, value: number) => string;
  readonly tooBig?: (key: string, value: number) => string;
  /** Zero stands for the default. */
  readonly zeroIsDefault?: boolean;
}

export function integer<Key extends string>(key: Key, settings: IntegerSettings): Field<Key, number, number> {
  return custom(key, 'integer', (node, use) => readInteger(node, use, settings), settings);
}

/** A number of bytes. In a file it may have a suffix, as all integers may: `64mb`. */
export function size<Key extends string>(key: Key, settings: IntegerSettings): Field<Key, number, number> {
  return custom(key, 'size', (node, use) => readInteger(node, use, settings), settings);
}

function readInteger(node: ConfigNode, use: FieldUse, settings: IntegerSettings): number | undefined {
  if (isWrongType(node, 'integer', use, settings)) return undefined;
  const value = asInteger(node, use.problems);
  if (value === undefined) return undefined;
  const { minimum = -Infinity, maximum = Infinity, tooSmall = smallerThan(minimum), tooBig = tooBigText } = settings;
  if (value < minimum) return fail(node, use, tooSmall(use.writtenKey, value));
  if (value > maximum) return fail(node, use, tooBig(use.writtenKey, value));
  return value === 0 && settings.zeroIsDefault === true ? settings.default : value;
}

function smallerThan(minimum: number): (key: string, value: number) => string {
  return (key, value) => `${key} value ${value} is too small, the minimum is ${minimum}`;
}

function tooBigText(key: string): string {
  return `${key} value is too big`;
}

/** True after a value of the wrong type was reported in the field's own words. */
function isWrongType<Value>(
  node: ConfigNode,
  kind: ConfigNode['kind'],
  use: FieldUse,
  { wrongType }: FieldSettings<Value>,
): boolean {
  if (wrongType === undefined || node.kind === kind) return false;
  use.problems.error(node, wrongType(use.writtenKey, node));
  return true;
}

function fail(node: ConfigNode, use: FieldUse, text: string): undefined {
  use.problems.error(node, text);
  return undefined;
}

export interface DurationSettings extends FieldSettings<number> {
  /** Takes no bare number, which would be seconds. */
  readonly isStringOnly?: boolean;
  readonly zeroIsDefault?: boolean;
  /** What is wrong with a duration that can be read, or null. */
  readonly check?: (ms: number) => string | null;
}

/** Milliseconds, from a text such as `1m30s`. */
export function duration<Key extends string>(
  key: Key,
  settings: DurationSettings,
): Field<Key, number, string | number> {
  const type = settings.isStringOnly === true ? 'duration string' : 'duration';
  const read = (node: ConfigNode, use: FieldUse): number | undefined => {
    const ms = readDuration(node, use, settings.isStringOnly === true);
    const refusal = ms === undefined ? null : (settings.check?.(ms) ?? null);
    if (refusal !== null) return fail(node, use, refusal);
    return ms === 0 && settings.zeroIsDefault === true ? settings.default : ms;
  };
  return custom(key, type, read, { print: formatDuration, ...settings });
}

/** Milliseconds; a bare number counts seconds and is frowned upon. */
export function readDuration(node: ConfigNode, use: FieldUse, isStringOnly = false): number | undefined {
  const key = use.writtenKey.toLowerCase();
  if (node.kind !== 'string' && !isStringOnly) {
    use.problems.misuse(node, key, `${key} should be converted to a duration`);
    const seconds = asInteger(node, use.problems);
    return seconds === undefined ? undefined : seconds * 1000;
  }
  const text = asString(node, use.problems);
  if (text === undefined) return undefined;
  const outcome = parseDuration(text);
  return 'ms' in outcome ? outcome.ms : fail(node, use, `error parsing ${key}: ${outcome.failure}`);
}

export interface StringSettings extends FieldSettings<string> {
  readonly emptyIsDefault?: boolean;
  /** What is wrong with a text, or null. */
  readonly check?: (text: string) => string | null;
}

export function string<Key extends string>(key: Key, settings: StringSettings): Field<Key, string, string> {
  const read = (node: ConfigNode, use: FieldUse): string | undefined => {
    if (isWrongType(node, 'string', use, settings)) return undefined;
    const text = asString(node, use.problems);
    const refusal = text === undefined ? null : (settings.check?.(text) ?? null);
    if (refusal !== null) return fail(node, use, refusal);
    return text === '' && settings.emptyIsDefault === true ? settings.default : text;
  };
  return custom(key, 'string', read, settings);
}

/** One of a few words, compared as they are. */
export function oneOf<Key extends string, const Choice extends string>(
  key: Key,
  choices: readonly Choice[],
  settings: FieldSettings<NoInfer<Choice>> & { refusal?: string },
): Field<Key, Choice, Choice> {
  const refusal = settings.refusal ?? `${key} must be one of ${choices.map((choice) => `'${choice}'`).join(', ')}`;
  const read = (node: ConfigNode, use: FieldUse): Choice | undefined => {
    const text = asString(node, use.problems);
    if (text === undefined) return undefined;
    return choices.find((choice) => choice === text) ?? fail(node, use, refusal);
  };
  return custom(key, choices.join(' | '), read, settings);
}

export interface StringListSettings extends FieldSettings<readonly string[]> {
  /** Said of a value that is neither. `type` is what it is instead, `element` whether it was found in the array. */
  readonly refusal?: (type: string, isElement: boolean) => string;
  readonly isArrayOnly?: boolean;
  /** What becomes of the strings once they are read. */
  readonly clean?: (strings: readonly string[]) => readonly string[];
}

/** One string, or an array of them. */
export function stringList<Key extends string>(
  key: Key,
  settings: StringListSettings,
): Field<Key, readonly string[], string | readonly string[]> {
  const type = settings.isArrayOnly === true ? 'array of strings' : 'string or array of strings';
  return custom(key, type, (node, use) => readStringList(node, use, settings), {
    print: (list) => `[${list.join(' ')}]`,
    ...settings,
  });
}

function readStringList(node: ConfigNode, use: FieldUse, settings: StringListSettings): readonly string[] | undefined {
  const { refusal = unsupportedIn(use.writtenKey), clean = (strings) => strings } = settings;
  if (node.kind === 'string' && settings.isArrayOnly !== true) return Object.freeze(clean([node.value]));
  if (node.kind !== 'array') return fail(node, use, refusal(typeName(node), false));
  const strings: string[] = [];
  for (const element of node.value) {
    if (element.kind !== 'string') return fail(element, use, refusal(typeName(element), true));
    strings.push(element.value);
  }
  return Object.freeze(clean(strings));
}

function unsupportedIn(key: string): (type: string, isElement: boolean) => string {
  return (type, isElement) => `error parsing ${key}: unsupported type ${isElement ? 'in array ' : ''}${type}`;
}

/** A map from names to strings. */
export function stringMap<Key extends string>(
  key: Key,
  settings: FieldSettings<Readonly<Record<string, string>>> & { refusal?: (type: string) => string },
): Field<Key, Readonly<Record<string, string>>, Readonly<Record<string, string>>> {
  const read = (node: ConfigNode, use: FieldUse): Readonly<Record<string, string>> | undefined => {
    if (node.kind !== 'map' && settings.refusal !== undefined) return fail(node, use, settings.refusal(typeName(node)));
    return readMapOf(node, use, (value) => asString(value, use.problems));
  };
  return custom(key, 'map of strings', read, { print: printMap, ...settings });
}

/** A frozen object with what `read` makes of each value; values it makes nothing of are left out. */
export function readMapOf<Value>(
  node: ConfigNode,
  use: FieldUse,
  read: (value: ConfigNode, key: string) => Value | undefined,
): Readonly<Record<string, Value>> | undefined {
  const map = asMap(node, use.problems);
  if (map === undefined) return undefined;
  const values: Record<string, Value> = Object.create(null);
  for (const entry of map.value.values()) {
    const value = read(entry.value, entry.key);
    if (value !== undefined) values[entry.key] = value;
  }
  return Object.freeze(values);
}

export function printMap(map: Readonly<Record<string, unknown>>): string {
  return `map[${Object.keys(map)
    .sort()
    .map((key) => `${key}:${map[key]}`)
    .join(' ')}]`;
}

/** The node as it stands, for a reader that comes later. */
export function node<Key extends string>(
  key: Key,
  settings: FieldSettings<ConfigNode | null>,
): Field<Key, ConfigNode | null, PlainValue> {
  return custom(key, 'any', (value) => value, settings);
}

/** The same for a map. */
export function rawMap<Key extends string>(
  key: Key,
  settings: FieldSettings<MapNode | null>,
): Field<Key, MapNode | null, Readonly<Record<string, PlainValue>>> {
  return custom(key, 'map', (value, use) => asMap(value, use.problems), settings);
}

/** A block within the block. */
export function block<Key extends string, F extends Fields>(
  key: Key,
  schema: Schema<F>,
  settings: Omit<FieldSettings<OptionsOf<F> | null>, 'default'>,
): Field<Key, OptionsOf<F> | null, PlainOptions<F>> {
  return custom(key, 'map', (value, use) => schema.read(value, use.problems), { default: null, ...settings });
}

/** An array of blocks. */
export function blocks<Key extends string, F extends Fields>(
  key: Key,
  schema: Schema<F>,
  settings: Omit<FieldSettings<readonly OptionsOf<F>[]>, 'default'> & { notArray?: (node: ConfigNode) => string },
): Field<Key, readonly OptionsOf<F>[], readonly PlainOptions<F>[]> {
  const read = (value: ConfigNode, use: FieldUse): readonly OptionsOf<F>[] | undefined => {
    if (value.kind !== 'array' && settings.notArray !== undefined) return fail(value, use, settings.notArray(value));
    const array = asArray(value, use.problems);
    return array === undefined ? undefined : Object.freeze(array.value.map((item) => schema.read(item, use.problems)));
  };
  return custom(key, 'array of maps', read, { default: [], ...settings });
}

export interface ListenSettings {
  readonly doc: string;
  readonly aliases?: readonly string[];
  readonly live?: LiveClass;
  /** The fields it sets; `host` and `port` if not named. */
  readonly host?: string;
  readonly port?: string;
  /** What port 0 and an empty host stand for. */
  readonly zeroPort?: number;
  readonly emptyHost?: string;
}

/** A port, or `"host:port"`: sets two other fields of the block. */
export function listen<Key extends string>(key: Key, settings: ListenSettings): Field<Key, Spread, number | string> {
  const { host = 'host', port = 'port', zeroPort = 0, emptyHost = '' } = settings;
  const read = (node: ConfigNode, use: FieldUse): Spread | undefined => {
    const address = readListenAddress(node, use);
    if (address === undefined) return undefined;
    const fields: Record<string, unknown> = { [port]: address.port || zeroPort };
    if (address.host !== null) fields[host] = address.host || emptyHost;
    return { fields };
  };
  return { ...custom(key, 'port or host:port', read, { ...settings, default: { fields: {} } }), isSpread: true };
}

export interface ListenAddress {
  /** Null where only a port was given. */
  readonly host: string | null;
  readonly port: number;
}

export function readListenAddress(node: ConfigNode, use: FieldUse): ListenAddress | undefined {
  if (node.kind === 'integer') return { host: null, port: Number(node.value) };
  if (node.kind !== 'string') return fail(node, use, `expected port or host:port, got ${typeName(node)}`);
  const parts = /^(?:\[([^\][]*)\]|([^:\][]*)):([^:\][]*)$/.exec(node.value);
  if (parts === null) return fail(node, use, `could not parse address string "${node.value}"`);
  if (!/^[-+]?\d+$/.test(parts[3]!)) return fail(node, use, `could not parse port "${parts[3]}"`);
  return { host: parts[1] ?? parts[2]!, port: Number(parts[3]) };
}

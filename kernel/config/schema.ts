/**
 * Describing a block of options once, and reading it from a file or from a program's object alike.
 *
 * A schema is a record of fields by the name the program uses; each field knows its key in the file. Reading
 * never stops at a mistake: it reports it, keeps the default, and goes on, so that all mistakes of a block
 * come to light together.
 */
import { quotedText } from '../../protocols/client/quoted.ts';
import { suggestion } from '../hooks/nearest-name.ts';
import { outcomeOf, type Steps } from '../ports/steps.ts';
import { mismatchText } from './conversion.ts';
import type { ConfigNode, MapEntry, MapNode } from './grammar/node.ts';
import { mapNode } from './plain.ts';
import { Problems } from './problem.ts';

/**
 * What a changed value does on reload: take effect at once; make the whole reload fail; take effect for new
 * connections; depends on which part changed, and the owner decides.
 */
export type LiveClass = 'yes' | 'no' | 'new' | 'part';

export interface FieldUse {
  readonly problems: Problems;
  /** The key as it was written: an alias, perhaps in capitals. */
  readonly writtenKey: string;
}

export interface Field<Key extends string = string, Value = unknown, Input = unknown> {
  readonly key: Key;
  readonly aliases: readonly string[];
  /** The type in words, for the documentation. */
  readonly type: string;
  readonly default: Value;
  readonly live: LiveClass;
  readonly doc: string;
  /** What the message about a refused reload calls the option. */
  readonly internalName: string;
  /** The value, or undefined after recording what is wrong with it. */
  read(node: ConfigNode, use: FieldUse): Value | undefined;
  /** The same in steps, for values that may be long. */
  readonly readInSteps?: ((node: ConfigNode, use: FieldUse) => Steps<Value | undefined>) | undefined;
  /** The value as the message about a refused reload prints it. */
  print(value: Value): string;
  /** Other fields of the block that take the same value. */
  readonly also: readonly string[];
  /** The value is a record of values for other fields; the field itself has none. */
  readonly isSpread: boolean;
  /** What a program may write; only the compiler looks at it. */
  readonly input?: Input;
}

/** The value of a field that sets others. */
export interface Spread {
  readonly fields: Readonly<Record<string, unknown>>;
}

export type Fields = Readonly<Record<string, Field>>;

type ValueOf<F> = F extends Field<string, infer Value, unknown> ? Value : never;
type InputOf<F> = F extends Field<string, unknown, infer Input> ? Input : never;

/** The frozen options a block is read into. */
export type OptionsOf<F extends Fields> = {
  readonly [Name in keyof F as ValueOf<F[Name]> extends Spread ? never : Name]: ValueOf<F[Name]>;
};

/** The object a program may give instead of the block, with the keys of the file. */
export type PlainOptions<F extends Fields> = {
  readonly [Name in keyof F as F[Name]['key']]?: InputOf<F[Name]> | undefined;
};

export interface SchemaSettings {
  /** Said of a node that is no map. */
  readonly notMap?: (node: ConfigNode) => string;
  /** Said of a key the block does not have. */
  readonly unknownKey?: (key: string) => string;
  /** Keys that exist only for their value, by way of `$key`, are tolerated unless this is false. */
  readonly allowsVariables?: boolean;
}

export interface Schema<F extends Fields> {
  readonly fields: F;
  /** The options of a block; of an absent one, the defaults. */
  read(node: ConfigNode | null | undefined, problems: Problems): OptionsOf<F>;
  /** The same in steps. */
  readInSteps(node: ConfigNode | null | undefined, problems: Problems): Steps<OptionsOf<F>>;
  /** Every key and alias. */
  keys(): string[];
}

export function defineSchema<const F extends Fields>(fields: F, settings: SchemaSettings = {}): Schema<F> {
  const reader = new BlockReader(fields, settings);
  return {
    fields,
    read: (node, problems) => outcomeOf(reader.read(node ?? null, problems)) as OptionsOf<F>,
    readInSteps: (node, problems) => reader.read(node ?? null, problems) as Steps<OptionsOf<F>>,
    keys: () => [...reader.byKey.keys()],
  };
}

export function readBlock<F extends Fields>(
  schema: Schema<F>,
  node: ConfigNode | null | undefined,
  problems: Problems,
): OptionsOf<F> {
  return schema.read(node, problems);
}

/** The same for an object of a program. Problems name keys by their path, beginning with `path`. */
export function readOptions<F extends Fields>(
  schema: Schema<F>,
  object: PlainOptions<F>,
  path = '',
): { options: OptionsOf<F>; problems: Problems } {
  const problems = new Problems();
  const options = schema.read(mapNode(object, path, problems), problems);
  return { options, problems };
}

/** Whether the file or program gave a value, and it could be used: a default is none. */
export function wasGiven(options: object, name: string): boolean {
  return GIVEN.get(options)?.has(name) ?? false;
}

const GIVEN = new WeakMap<object, ReadonlySet<string>>();

/** A block being read: what has been set so far, over the defaults. */
class BlockReader {
  readonly byKey: ReadonlyMap<string, readonly [name: string, field: Field]>;
  readonly #settings: SchemaSettings;
  readonly #defaults: Readonly<Record<string, unknown>>;

  constructor(fields: Fields, settings: SchemaSettings) {
    this.byKey = fieldsByKey(fields);
    this.#settings = settings;
    const valued = Object.entries(fields).filter(([, field]) => !field.isSpread);
    this.#defaults = Object.fromEntries(valued.map(([name, field]) => [name, field.default]));
  }

  *read(node: ConfigNode | null, problems: Problems): Steps<object> {
    const set: Record<string, unknown> = {};
    if (node !== null && node.kind !== 'map') {
      problems.error(node, this.#settings.notMap?.(node) ?? mismatchText(node, 'map'));
    } else if (node !== null) {
      for (const entry of (node as MapNode).value.values()) yield* this.#readEntry(entry, set, problems);
    }
    const options = Object.freeze({ ...this.#defaults, ...set });
    GIVEN.set(options, new Set(Object.keys(set)));
    return options;
  }

  *#readEntry(entry: MapEntry, set: Record<string, unknown>, problems: Problems): Steps<void> {
    const found = this.byKey.get(entry.key.toLowerCase());
    if (found === undefined) {
      this.#refuse(entry, problems);
      return;
    }
    const [name, field] = found;
    const use = { problems, writtenKey: entry.key };
    const steps = field.readInSteps?.(entry.value, use);
    const value = steps === undefined ? field.read(entry.value, use) : yield* steps;
    if (value === undefined) return;
    if (field.isSpread) Object.assign(set, (value as Spread).fields);
    else for (const target of [name, ...field.also]) set[target] = value;
  }

  #refuse(entry: MapEntry, problems: Problems): void {
    if (entry.isReferenced && this.#settings.allowsVariables !== false) return;
    const text = this.#settings.unknownKey?.(entry.key) ?? `unknown field ${quotedText(entry.key)}`;
    problems.error(entry, text + suggestion(entry.key, this.byKey.keys()));
  }
}

function fieldsByKey(fields: Fields): Map<string, readonly [string, Field]> {
  const byKey = new Map<string, readonly [string, Field]>();
  for (const [name, field] of Object.entries(fields)) {
    for (const key of [field.key, ...field.aliases]) {
      if (byKey.has(key)) throw new Error(`two fields of one block have the key "${key}"`);
      byKey.set(key, [name, field]);
    }
  }
  return byKey;
}

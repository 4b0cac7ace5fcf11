/** From a file, a text or a program's object to the kernel's options and the plugins' blocks. */
import { outcomeOf, type Steps } from '../ports/steps.ts';
import { type Claims, type Level, NO_CLAIMS, refuseUnknown, takeClaimed, unknownField } from './claims.ts';
import { type CoreInput, type CoreOptions, coreSchema } from './core-options.ts';
import { digestOf } from './grammar/digest.ts';
import { fileFailure } from './grammar/file-failure.ts';
import type { ConfigNode, MapEntry, MapNode } from './grammar/node.ts';
import { type ParsedConfig, parseConfigInSteps } from './grammar/parse.ts';
import { type Overrides, overridden } from './override.ts';
import { mapNode, type PlainValue } from './plain.ts';
import { NOWHERE, type Problem, Problems } from './problem.ts';

/** The kernel's keys are typed; any other key may be a plugin's. */
export type ConfigInput = CoreInput & { readonly [key: string]: PlainValue | undefined };

export interface LoadRequest {
  /** The file, or the name for `text`; included files are looked for beside it. */
  readonly path?: string;
  readonly text?: string;
  /** Instead of either: the options themselves. */
  readonly input?: CoreInput | ConfigInput;
  /** Needed for `path` without `text`, and for `include`. */
  readonly readFile?: (path: string) => string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly claims?: Claims;
  readonly overrides?: Overrides;
}

export interface LoadedConfig {
  readonly options: CoreOptions;
  /** The plugins' values by their proper keys, those of accounts excepted: an account holds its own. */
  readonly blocks: ReadonlyMap<string, ConfigNode>;
  readonly claims: Claims;
  readonly problems: readonly Problem[];
  /** Of what was loaded, before overrides. */
  readonly digest: string;
  /** The paths of the files read. */
  readonly files: readonly string[];
}

export function loadConfig(request: LoadRequest): LoadedConfig {
  return outcomeOf(loadConfigInSteps(request, false));
}

/** For a broker that serves others meanwhile. */
export function* loadConfigInSteps(request: LoadRequest, isStepped = true): Steps<LoadedConfig> {
  const { claims = NO_CLAIMS, overrides = {} } = request;
  const problems = new Problems();
  const parsed = yield* parse(request, problems, isStepped);
  problems.list.push(...parsed.problems);
  const schema = coreSchema(claims);
  const properKey = properKeys(schema.fields, claims);
  const root = overridden(parsed.root, overrides, properKey, problems);
  const blocks = new Map<string, ConfigNode>();
  const own = takeOwnKeys(root, new Set(schema.keys()), claims, blocks, problems);
  const options = yield* schema.readInSteps(own, problems);
  const { digest, files } = parsed;
  return { options, blocks, claims, problems: inReadingOrder(problems.list, files), digest, files };
}

/** File by file and line by line, whoever found them. */
function inReadingOrder(problems: readonly Problem[], files: readonly string[]): readonly Problem[] {
  const order = new Map(files.map((file, index) => [file, index]));
  const rank = ({ file }: Problem) => order.get(file) ?? files.length;
  return problems.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
}

/** All values of one plugin as one map, for it to read with one schema. */
export function blocksOf(loaded: LoadedConfig, owner: string): MapNode {
  const entries = new Map<string, MapEntry>();
  for (const [key, value] of loaded.blocks) {
    if (loaded.claims.get(key)?.owner !== owner) continue;
    const { file, line, column } = value;
    entries.set(key, { key, value, file, line, column, isReferenced: false });
  }
  return { kind: 'map', value: entries, ...NOWHERE };
}

function* parse(request: LoadRequest, problems: Problems, isStepped: boolean): Steps<ParsedConfig> {
  if (request.input !== undefined) return parsedInput(request.input, problems);
  const readFile = request.readFile ?? refuseToRead;
  const path = request.path ?? '';
  const text = request.text ?? readText(path, readFile, problems);
  if (text === null) return parsedInput({}, problems);
  return yield* parseConfigInSteps(text, path, { readFile, environment: request.env ?? {} }, isStepped);
}

function parsedInput(input: object, problems: Problems): ParsedConfig {
  const root = mapNode(input, '', problems);
  return { root, problems: [], digest: digestOf(root), files: [] };
}

/** No path means no file, which is a configuration too: the defaults. */
function readText(path: string, readFile: (path: string) => string, problems: Problems): string | null {
  if (path === '') return null;
  try {
    return readFile(path);
  } catch (error) {
    problems.bareError({ ...NOWHERE, file: path }, fileFailure(path, error));
    return null;
  }
}

function refuseToRead(): never {
  throw new Error('this configuration can not read files');
}

/** Which key another one is only a different name for. */
function properKeys(fields: object, claims: Claims): (key: string) => string {
  const proper = new Map<string, string>();
  for (const field of Object.values(fields)) {
    for (const alias of field.aliases) proper.set(alias, field.key);
  }
  return (key) => proper.get(key) ?? claims.get(key)?.key ?? key;
}

/** Sorts the top level into the kernel's keys, the plugins' and those nobody knows. */
function takeOwnKeys(
  root: MapNode,
  ownKeys: ReadonlySet<string>,
  claims: Claims,
  blocks: Map<string, ConfigNode>,
  problems: Problems,
): MapNode {
  const level: Level = { claims, path: '', unknownKey: unknownField };
  const own = new Map<string, MapEntry>();
  for (const entry of root.value.values()) {
    if (ownKeys.has(entry.key.toLowerCase())) own.set(entry.key, entry);
    else if (!takeClaimed(entry, level, blocks, problems)) refuseUnknown(entry, level, ownKeys, problems);
  }
  return { ...root, value: own };
}

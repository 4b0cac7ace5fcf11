/**
 * From the text of a configuration to its tree.
 *
 * A text that breaks the grammar yields one error and nothing else. What is merely wrong inside it (a variable
 * nobody defined, a number too large) is recorded, and reading goes on.
 */
import * as path from 'node:path';
import { outcomeOf, type Steps } from '../../ports/steps.ts';
import { NOWHERE, type Place, type Problem, Problems, renderProblem } from '../problem.ts';
import { digestInSteps, digestOf } from './digest.ts';
import { readDocument } from './document.ts';
import { fileFailure } from './file-failure.ts';
import { type ConfigNode, type MapEntry, type MapNode, placedAt } from './node.ts';
import type { Reading } from './reading.ts';
import { ParseError, Scanner } from './scanner.ts';

export interface ParseSources {
  /** For `include`. Throws what Node's own file functions throw. */
  readonly readFile: (path: string) => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface ParsedConfig {
  readonly root: MapNode;
  readonly problems: readonly Problem[];
  /** `sha256:` and the hash of the values: the same for every way of writing them down. */
  readonly digest: string;
  /** The paths of all files read, the outermost first. */
  readonly files: readonly string[];
}

export const EMPTY_CONFIG = 'config has no values or is empty';

/** `file` names the text in messages, and its directory is where included files are looked for. */
export function parseConfig(text: string, file: string, sources: ParseSources): ParsedConfig {
  return outcomeOf(parseConfigInSteps(text, file, sources, false));
}

/** Unless `isStepped` there are few steps, and it is done sooner. */
export function* parseConfigInSteps(
  text: string,
  file: string,
  sources: ParseSources,
  isStepped = true,
): Steps<ParsedConfig> {
  const problems = new Problems();
  const parser = new Parser(sources, problems, isStepped ? LEVELS_IN_STEPS : 0);
  const root = yield* parser.parseFile(text, file, new Set([path.normalize(file)]));
  if (root.value.size === 0 && !problems.hasErrors) {
    problems.warning({ ...NOWHERE, file }, EMPTY_CONFIG);
  }
  return {
    root,
    problems: problems.list,
    digest: isStepped ? yield* digestInSteps(root) : digestOf(root),
    files: file === '' ? [] : [file, ...parser.included],
  };
}

/** The users of one account lie this deep. */
const LEVELS_IN_STEPS = 3;

class Parser {
  readonly included: string[] = [];
  readonly #levelsInSteps: number;
  readonly #sources: ParseSources;
  readonly #problems: Problems;

  constructor(sources: ParseSources, problems: Problems, levelsInSteps: number) {
    this.#levelsInSteps = levelsInSteps;
    this.#sources = sources;
    this.#problems = problems;
  }

  /** `open` holds the files being read, this one included: none of them may be included again. */
  parseFile(text: string, file: string, open: ReadonlySet<string>): Steps<MapNode> {
    return this.#parse(text, file, this.#problems, new Set(), (name, place) => this.#include(name, place, file, open));
  }

  *#parse(
    text: string,
    file: string,
    problems: Problems,
    variables: ReadonlySet<string>,
    include: Reading['include'],
  ): Steps<MapNode> {
    const entries = new Map<string, MapEntry>();
    const root: MapNode = { kind: 'map', value: entries, file, line: 1, column: 0 };
    const reading: Reading = {
      scanner: new Scanner(text, file),
      problems,
      scopes: [entries],
      pendingKey: null,
      levelsInSteps: this.#levelsInSteps,
      depth: 0,
      environmentValue: (name, line, place) => this.#environmentValue(name, line, place, problems, variables),
      include,
    };
    try {
      yield* readDocument(reading);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      problems.bareError(error.place, error.message);
      return { ...root, value: new Map() };
    }
    return root;
  }

  *#include(name: string, place: Place, from: string, open: ReadonlySet<string>): Steps<MapNode | null> {
    const target = joined(from, name);
    const problems = this.#problems;
    const before = problems.list.length;
    const root = yield* this.#readIncluded(target, place, open);
    for (let index = before; index < problems.list.length; index++) {
      const problem = problems.list[index]!;
      if (!problem.standsAlone) continue;
      problems.list[index] = { ...problem, text: `error parsing include file '${name}', ${problem.text}` };
    }
    return root;
  }

  *#readIncluded(target: string, place: Place, open: ReadonlySet<string>): Steps<MapNode | null> {
    if (open.has(target)) {
      this.#problems.bareError(place, `${target} includes itself`);
      return null;
    }
    const text = this.#readFile(target, place);
    if (text === null) return null;
    this.included.push(target);
    return yield* this.parseFile(text, target, new Set([...open, target]));
  }

  #readFile(target: string, place: Place): string | null {
    try {
      return this.#sources.readFile(target);
    } catch (error) {
      this.#problems.bareError(place, fileFailure(target, error));
      return null;
    }
  }

  /** A variable of the environment is read as if it stood in a file of its own. */
  #environmentValue(
    name: string,
    line: number,
    place: Place,
    outer: Problems,
    open: ReadonlySet<string>,
  ): ConfigNode | null {
    const { environment } = this.#sources;
    const text = Object.hasOwn(environment, name) ? environment[name] : undefined;
    const reference = `variable reference for '${name}' on line ${line}`;
    if (open.has(name)) {
      outer.bareError(place, `${reference} could not be parsed: variable reference cycle for '${name}'`);
      return null;
    }
    const problems = new Problems();
    const root = text === undefined ? null : this.#parseVariable(text, problems, new Set([...open, name]));
    const failure = problems.list.find((problem) => problem.severity === 'error');
    const entry = root?.value.get(VARIABLE_KEY);
    if (failure !== undefined) outer.bareError(place, `${reference} could not be parsed: ${renderProblem(failure)}`);
    else if (entry === undefined) outer.bareError(place, `${reference} can not be found`);
    else return placedAt(entry.value, place);
    return null;
  }

  #parseVariable(text: string, problems: Problems, open: ReadonlySet<string>): MapNode {
    // biome-ignore lint/correctness/useYield: there is nothing to read
    const refuse = function* (name: string, place: Place): Steps<null> {
      problems.bareError(place, `error parsing include file '${name}', a variable can not include files`);
      return null;
    };
    return outcomeOf(this.#parse(`${VARIABLE_KEY}=${text}`, '', problems, open, refuse));
  }
}

const VARIABLE_KEY = 'pk';

/** Always relative to the including file's directory, even where the path looks absolute. */
function joined(from: string, name: string): string {
  const target = path.join(path.dirname(from), name);
  return target.length > 1 && target.endsWith(path.sep) ? target.slice(0, -1) : target;
}

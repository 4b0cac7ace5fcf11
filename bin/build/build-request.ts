/** What stands behind `gnatlet build`. */
import { nearestName } from '../../kernel/hooks/nearest-name.ts';
import { CommandFailure } from '../command-failure.ts';

export const FORMATS = ['cjs', 'sea', 'deb', 'docker'] as const;
export type Format = (typeof FORMATS)[number];

export interface BuildRequest {
  /** Names of this build, npm packages, paths; a preset alone stands for what it lists. */
  readonly plugins: readonly string[];
  readonly format: Format;
  /** Where the result goes; undefined: beside where the command runs, under its usual name. */
  readonly out: string | undefined;
  /** False: to be read by people. */
  readonly isMinified: boolean;
}

export const BUILD_USAGE = `
Usage: gnatlet build --plugins <name,name,...> [options]

Makes a broker of the kernel and these plugins alone, as one file.

    --plugins <list>     names of this build, npm packages or paths; or a preset: core, edge, standard, full
    --format <format>    cjs: one file for Node.js (default); sea: one executable, Node.js included;
                         deb: a Debian package with a systemd unit; docker: a folder to build an image from
    --out <path>         where the result goes (default: gnatlet.cjs, gnatlet, gnatlet_<version>_all.deb, gnatlet-docker)
    --minify=false       keep names and lines
`;

/** Flags with one dash or two, their value after `=` or in the next word, as everywhere in this command. */
export function parseBuildRequest(words: readonly string[]): BuildRequest | 'help' {
  const given = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const [, name = '', joined] = /^--?([a-z]+)(?:=(.*))?$/s.exec(words[at]!) ?? [];
    if (name === 'help' || name === 'h') return 'help';
    if (!FLAGS.includes(name)) throw new CommandFailure(unknownText(words[at]!));
    const value = joined ?? (name === 'minify' ? 'true' : words[++at]);
    if (value === undefined || value === '') throw new CommandFailure(`build: --${name} needs a value`);
    given.set(name, value);
  }
  return { plugins: pluginsOf(given), format: formatOf(given), out: given.get('out'), isMinified: isMinified(given) };
}

const FLAGS = ['plugins', 'format', 'out', 'minify'];

function unknownText(word: string): string {
  const near = nearestName(word.replace(/^-+/, ''), FLAGS);
  return `build: ${JSON.stringify(word)} is no flag of it${near === null ? '' : `; did you mean --${near}?`}`;
}

function pluginsOf(given: ReadonlyMap<string, string>): string[] {
  const list = given.get('plugins');
  if (list === undefined)
    throw new CommandFailure('build: say which plugins: --plugins leaf, or --plugins core for none');
  const names = list.split(',').map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))];
}

function formatOf(given: ReadonlyMap<string, string>): Format {
  const text = given.get('format') ?? 'cjs';
  const format = FORMATS.find((name) => name === text);
  if (format !== undefined) return format;
  throw new CommandFailure(`build: there is no format ${JSON.stringify(text)}; there are ${FORMATS.join(', ')}`);
}

function isMinified(given: ReadonlyMap<string, string>): boolean {
  const text = given.get('minify') ?? 'true';
  if (text === 'true' || text === 'false') return text === 'true';
  throw new CommandFailure(`build: --minify is true or false, not ${JSON.stringify(text)}`);
}

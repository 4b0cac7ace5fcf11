/** Sizes, names and forms of source files. */
import { measureFunctions } from './functions.ts';
import type { SourceFile } from './source-files.ts';

const FUNCTION_LINES_MAX = 70;
const FILE_LINES_MAX = 500;

/** Functions that may be longer, with the reason. Only state machines over bytes belong here. */
export const LONG_FUNCTIONS: Record<string, string> = {
  'protocols/s2/block-decoder.ts': 'the elements of a block: a call for each of them halves the speed',
  'protocols/client/parser.ts': 'the byte state machine of the client protocol: splitting it costs a call per byte',
};

/** Files whose exports may all come from elsewhere: what users import. */
const PUBLIC_ENTRY_POINTS = new Set([
  'kernel/index.ts',
  'kernel/plugin-api.ts',
  'bin/index.ts',
  'bin/testing.ts',
  'bin/contracts.ts',
  'bin/plugin-kit.ts',
  'bin/storage-kit.ts',
]);

const VAGUE_NAMES = /(^|\/)(utils?|helpers?|common|misc|shared|stuff)(\.[\w.]+)?(\/|$)/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/;

export function checkSizes(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => [...checkFileSize(file), ...checkFunctionSizes(file)]);
}

function checkFileSize(file: SourceFile): string[] {
  const lines = file.text.split('\n').length - 1;
  return lines > FILE_LINES_MAX ? [`${file.path}: ${lines} lines, more than ${FILE_LINES_MAX}: split it by idea`] : [];
}

function checkFunctionSizes(file: SourceFile): string[] {
  if (file.path in LONG_FUNCTIONS) return [];
  return measureFunctions(file)
    .filter((found) => found.lines > FUNCTION_LINES_MAX)
    .map(
      (found) => `${file.path}:${found.line}: ${found.name} has ${found.lines} lines, more than ${FUNCTION_LINES_MAX}`,
    );
}

export function checkNames(paths: readonly string[]): string[] {
  const problems: string[] = [];
  for (const path of paths) {
    if (VAGUE_NAMES.test(path)) problems.push(`${path}: the name does not say what the file is for`);
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name.endsWith('.ts') && !KEBAB_CASE.test(name)) problems.push(`${path}: file names are kebab-case`);
  }
  return problems;
}

export function checkExports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => [...checkDefaultExport(file), ...checkBarrel(file)]);
}

function checkDefaultExport({ path, tokens }: SourceFile): string[] {
  return tokens
    .filter((token, index) => token.text === 'export' && tokens[index + 1]?.text === 'default')
    .map((token) => `${path}:${token.line}: no default exports`);
}

/** A barrel holds nothing of its own: each of its statements passes something on. */
function checkBarrel({ path, tokens }: SourceFile): string[] {
  if (PUBLIC_ENTRY_POINTS.has(path) || tokens.length === 0) return [];
  const statements = splitStatements(tokens.map((token) => token.text));
  const isBarrel = statements.every((words) => words[0] === 'export' && words.includes('from'));
  return isBarrel ? [`${path}: a barrel; import from where things are`] : [];
}

function splitStatements(words: readonly string[]): string[][] {
  const statements: string[][] = [[]];
  for (const word of words) {
    if (word === ';') statements.push([]);
    else statements.at(-1)!.push(word);
  }
  return statements.filter((statement) => statement.length > 0);
}

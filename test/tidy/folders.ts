/** What a folder of the project must hold. */
import type { SourceFile } from './source-files.ts';

export function checkPluginFolders(paths: readonly string[], files: readonly SourceFile[]): string[] {
  const present = new Set(paths);
  const names = new Set(
    paths.map((path) => /^plugins\/([^/]+)\//.exec(path)?.[1]).filter((name) => name !== undefined),
  );
  const problems: string[] = [];
  for (const name of names) {
    const wanted = ['index.ts', 'README.md', ...(hasConfigBlock(name, files) ? ['config.ts'] : [])];
    for (const file of wanted) {
      if (!present.has(`plugins/${name}/${file}`)) problems.push(`plugins/${name}: has no ${file}`);
    }
  }
  return problems;
}

/** A manifest with a `config` entry owns a block of the config file. */
function hasConfigBlock(name: string, files: readonly SourceFile[]): boolean {
  const index = files.find((file) => file.path === `plugins/${name}/index.ts`);
  if (index === undefined) return false;
  return index.tokens.some((token, at) => token.text === 'config' && /^[:,]$/.test(index.tokens[at + 1]?.text ?? ''));
}

/** uvu runs nothing until it is told to; the wire scripts are run by `runScripts`. */
export function checkTestsRun(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => file.path.endsWith('.test.ts'))
    .filter(({ tokens }) => !tokens.some((_, at) => isRunCall(tokens, at)))
    .map((file) => `${file.path}: never calls test.run()`);
}

function isRunCall(tokens: SourceFile['tokens'], at: number): boolean {
  if (tokens[at + 1]?.text !== '(') return false;
  return tokens[at].text === 'runScripts' || (tokens[at].text === 'run' && tokens[at - 1]?.text === '.');
}

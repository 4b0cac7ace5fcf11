/** Loading configurations in tests: from texts, with files that exist only here. */
import type { Claim, Claims } from '../../../kernel/config/claims.ts';
import { type LoadedConfig, type LoadRequest, loadConfig } from '../../../kernel/config/load.ts';
import { type Problem, renderProblem } from '../../../kernel/config/problem.ts';

export function filesOf(files: Readonly<Record<string, string>>): (path: string) => string {
  return (path) => {
    const text = files[path];
    if (text !== undefined) return text;
    throw Object.assign(new Error(`no ${path} in this test`), { code: 'ENOENT' });
  };
}

/** Keys that some of the cases use and that no kernel has. */
const OWNERS: Readonly<Record<string, Claim>> = {
  resolver: { owner: 'accounts-resolver', available: true },
  authorization: { owner: 'auth', available: true },
  cluster: { owner: 'routes', available: true },
};

export const CLAIMS: Claims = new Map(Object.entries(OWNERS));

export function load(text: string, request: Partial<LoadRequest> = {}): LoadedConfig {
  return loadConfig({ path: 't.conf', text, readFile: filesOf({}), env: {}, claims: CLAIMS, ...request });
}

/** What is said, one line for each problem. */
export function said(problems: readonly Problem[]): string[] {
  return problems.map(renderProblem);
}

/** The same as a genuine server's words: sorted, and without what we suggest beyond them. */
export function comparable(lines: readonly string[]): string {
  return lines
    .map((line) => line.replace(/; did you mean "[^"]*"\?$/, ''))
    .sort()
    .join('\n');
}

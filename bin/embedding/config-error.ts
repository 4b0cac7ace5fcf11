import { type Problem, renderProblem } from '../../kernel/config/problem.ts';

/** A configuration that cannot be used. The message lists everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG_INVALID';
  /** One by one, with the path of keys, or the file and line, as the place. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(messageOf(problems));
    this.problems = problems;
  }
}

function messageOf(problems: readonly Problem[]): string {
  if (problems.length === 1) return `the configuration is invalid: ${renderProblem(problems[0]!)}`;
  const list = problems.map((problem) => `\n  ${renderProblem(problem)}`).join('');
  return `the configuration has ${problems.length} problems:${list}`;
}

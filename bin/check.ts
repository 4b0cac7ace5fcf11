/** `-t`: whether a configuration file is valid. Opens nothing, and leaves out what options have to satisfy together. */
import { CommandFailure, PROGRAM_NAME } from './command-failure.ts';
import { problemsText, readConfiguration } from './configuration.ts';
import type { FlagValue } from './flags.ts';
import { requestOf } from './request.ts';
import { writeError } from './standard-error.ts';

export async function check(given: ReadonlyMap<string, FlagValue>): Promise<void> {
  const { overrides: _, ...request } = requestOf(given);
  if (request.path === undefined) {
    throw new CommandFailure('must specify [-c, --config] option to check configuration file syntax');
  }
  const { problems, loaded } = await readConfiguration(request);
  if (problems.length > 0) throw new CommandFailure(problemsText(problems));
  writeError(`${PROGRAM_NAME}: configuration file ${request.path} is valid (${loaded.digest})\n`);
}

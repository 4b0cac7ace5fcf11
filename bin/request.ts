/** From flags to a request for a configuration. */
import { readFileSync } from 'node:fs';
import { systemClock } from '../kernel/ports/system-clock.ts';
import { KNOWN_PLUGINS } from './built-in.ts';
import { CommandFailure } from './command-failure.ts';
import type { ConfigurationRequest } from './configuration.ts';
import { FLAGS } from './flag-table.ts';
import type { FlagValue } from './flags.ts';
import { FlagConflict, overridesOf } from './overrides.ts';

export function requestOf(given: ReadonlyMap<string, FlagValue>): ConfigurationRequest {
  const path = given.get('c');
  return {
    path: typeof path === 'string' && path !== '' ? path : undefined,
    overrides: overrides(given),
    env: process.env,
    readFile: (file) => readFileSync(file, 'utf8'),
    clock: systemClock(),
  };
}

function overrides(given: ReadonlyMap<string, FlagValue>) {
  refuseAbsent(given);
  try {
    return overridesOf(given);
  } catch (error) {
    if (error instanceof FlagConflict) throw new CommandFailure(error.message);
    throw error;
  }
}

/** Turning off what is not there is no mistake. */
function refuseAbsent(given: ReadonlyMap<string, FlagValue>): void {
  if (given.has('routes') && !given.get('cluster')) {
    throw new CommandFailure('solicited routes require cluster capabilities, e.g. --cluster');
  }
  for (const { names, owner } of FLAGS) {
    const value = given.get(names[0]!);
    if (owner === undefined || value === undefined || value === false || value === '' || isInBuild(owner)) continue;
    throw new CommandFailure(`"--${names.at(-1)}" needs the plugin "${owner}", which is not in this build`);
  }
}

function isInBuild(plugin: string): boolean {
  return KNOWN_PLUGINS.some(({ name, load }) => name === plugin && load !== undefined);
}

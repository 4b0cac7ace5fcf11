/** Keeps passwords given as flags out of what other users of the machine, and diagnostics, can see of the process. */
import { writeFileSync } from 'node:fs';
import { PROGRAM_NAME } from './command-failure.ts';
import { type FlagValue, flagNamed } from './flags.ts';

const MASK = '[REDACTED]';
const SECRET_FLAGS: ReadonlySet<string> = new Set(['user', 'pass', 'auth']);
const URL_FLAGS: ReadonlySet<string> = new Set(['cluster', 'routes']);

/**
 * Replaces the process's own copy of its arguments, and what the system shows of them. The name is the one by which
 * `--signal` and service scripts look for a NATS server.
 */
export function hideSecrets(target: { argv: string[]; title: string }, given: ReadonlyMap<string, FlagValue>): void {
  const isSecret = [...SECRET_FLAGS, ...URL_FLAGS].some((name) => given.has(name));
  if (isSecret) target.argv.splice(2, Infinity, ...maskArguments(target.argv.slice(2)));
  target.title = [PROGRAM_NAME, ...target.argv.slice(2)].join(' ');
  nameThread();
}

/** The title became the name of the process too, cut at 15 bytes. The system takes a plain one where it has such a file. */
function nameThread(): void {
  if (process.platform !== 'linux') return;
  try {
    writeFileSync('/proc/self/comm', PROGRAM_NAME);
  } catch {
    // A sandbox may forbid it; then the cut title has to do.
  }
}

export function maskArguments(words: readonly string[]): string[] {
  const masked = [...words];
  for (const [at, word] of words.entries()) {
    const [, dashes, name, value] = /^(--?)([^=]+)(?:=([\s\S]*))?$/.exec(word) ?? [];
    const flag = name === undefined ? undefined : flagNamed(name)?.names[0];
    if (flag === undefined || !(SECRET_FLAGS.has(flag) || URL_FLAGS.has(flag))) continue;
    if (value !== undefined) masked[at] = `${dashes}${name}=${hide(flag, value)}`;
    else if (at + 1 < words.length) masked[at + 1] = hide(flag, words[at + 1]!);
  }
  return masked;
}

function hide(flag: string, value: string): string {
  return SECRET_FLAGS.has(flag) ? MASK : value.replace(/\/\/[^@/,]*@/g, `//${MASK}@`);
}

/** Errors that nobody caught: most of them come from plugins, out of callbacks the broker knows nothing of. */
import { realpathSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { causeText } from '../kernel/hooks/plugin-error.ts';
import type { LoadedPlugin } from '../kernel/host/plugin-host.ts';

/** Without this the process would end at once, with a stack and nothing in its log. */
export function trapStrayErrors(tell: (error: unknown) => void): void {
  process.on('uncaughtException', tell);
  process.on('unhandledRejection', tell);
}

/** What it was, where it comes from, and which plugin had a hand in it. */
export function strayText(error: unknown, plugins: readonly LoadedPlugin[]): string {
  const text = `Uncaught error: ${causeText(error)}`;
  const frames = framesOf(error);
  const [first] = frames;
  if (first === undefined) return text;
  const owner = plugins.find(({ source }) => frames.some(({ path }) => isOf(source, path)));
  const whose = owner === undefined ? '' : `, in the plugin "${owner.definition.name}"`;
  return `${text} (${first.path}:${first.line}${whose})`;
}

interface Frame {
  readonly path: string;
  readonly line: string;
}

/** Those that are files: the others are Node's own. */
function framesOf(error: unknown): Frame[] {
  const stack = error instanceof Error ? String(error.stack ?? '') : '';
  return stack.split('\n').flatMap((line) => {
    const found = /^\s+at (?:.*\()?(file:\/\/.+|[/\\].+|[A-Za-z]:[/\\].+?):(\d+):\d+\)?$/.exec(line);
    return found === null ? [] : [{ path: pathOf(found[1]!), line: found[2]! }];
  });
}

function pathOf(place: string): string {
  return place.startsWith('file:') ? fileURLToPath(place) : place;
}

/** A package's own modules lie beside its entry point, or below. A plugin of the build has no path. */
function isOf(source: string | undefined, path: string): boolean {
  const entry = entryPath(source);
  if (entry === null) return false;
  return path === entry || (entry.includes(`${sep}node_modules${sep}`) && path.startsWith(dirname(entry) + sep));
}

/** As a stack shows it: with links followed. */
function entryPath(source: string | undefined): string | null {
  if (source === undefined || source === 'built-in' || source === 'given') return null;
  try {
    return realpathSync(fileURLToPath(`file://${source}`));
  } catch {
    // It was there once; naming the plugin is a courtesy.
    return null;
  }
}

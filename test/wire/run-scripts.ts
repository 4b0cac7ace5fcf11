/** Makes a uvu test of every case of every script, played against one target. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { packageRoot } from '../runner/package-root.ts';
import { parseScript } from './parse-script.ts';
import { type PlayOptions, playCase } from './player.ts';
import type { Script, WireCase } from './script.ts';
import type { RunningServer, Target } from './targets.ts';

export interface ScriptOptions extends PlayOptions {
  /** Only topics that contain this. */
  filter: string;
}

export function readScripts(): Script[] {
  const folder = join(packageRoot(), 'test', 'wire', 'scripts');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.wire'))
    .sort()
    .map((name) => parseScript(name.slice(0, -'.wire'.length), readFileSync(join(folder, name), 'utf8')));
}

/** One suite per topic. Cases with the same configuration share a server, unless they ask for a fresh one. */
export function runScripts(target: Target, options: ScriptOptions): void {
  for (const script of readScripts()) {
    if (script.topic.includes(options.filter)) runScript(script, target, options);
  }
}

function runScript(script: Script, target: Target, options: PlayOptions): void {
  const servers = new Map<string, Promise<RunningServer>>();
  const shared = (config: string): Promise<RunningServer> => {
    const server = servers.get(config) ?? target.start(config);
    servers.set(config, server);
    return server;
  };
  const test = suite(`${script.topic} (${target.name}${options.pieceBytes > 0 ? ', cut into bytes' : ''})`);
  for (const wireCase of script.cases.filter((each) => isTrueOf(each, target, options))) {
    test(wireCase.name, async () => {
      if (!wireCase.isFresh) return playCase(wireCase, await shared(wireCase.config), options);
      const server = await target.start(wireCase.config);
      await playCase(wireCase, server, options).finally(() => server.stop());
    });
  }
  test.after(async () => {
    // A server that did not start has already failed the cases that wanted it.
    await Promise.allSettled([...servers.values()].map((server) => server.then((running) => running.stop())));
  });
  test.run();
}

function isTrueOf(wireCase: WireCase, target: Target, options: PlayOptions): boolean {
  if (wireCase.isUncut && target.kind === 'genuine' && options.pieceBytes > 0) return false;
  if (wireCase.only !== '' && wireCase.only !== target.kind) return false;
  if (target.version === '') return wireCase.before === '';
  if (wireCase.since !== '' && isOlder(target.version, wireCase.since)) return false;
  return wireCase.before === '' || isOlder(target.version, wireCase.before);
}

function isOlder(version: string, other: string): boolean {
  const [left, right] = [version, other].map((text) => text.split('.').map(Number));
  const at = left.findIndex((part, index) => part !== (right[index] ?? 0));
  return at >= 0 && left[at] < (right[at] ?? 0);
}

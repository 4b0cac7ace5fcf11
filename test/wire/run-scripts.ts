/** Makes a uvu test of every case of every script, played against one target. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { packageRoot } from '../runner/package-root.ts';
import { parseScript } from './parse-script.ts';
import { type PlayOptions, playCase } from './player.ts';
import type { Script, WireCase } from './script.ts';
import type { RunningServer, Target } from './targets.ts';

export interface ScriptOptions {
  /** Every case is played once for each: 0 sends whole lines, n sends n bytes at a time. */
  pieceSizes: readonly number[];
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

/** One suite per topic and piece size. */
export function runScripts(target: Target, { pieceSizes, filter }: ScriptOptions): void {
  for (const script of readScripts()) {
    if (!script.topic.includes(filter)) continue;
    const servers = new SharedServers(target);
    for (const pieceBytes of pieceSizes) {
      runScript(script, servers, { pieceBytes }, pieceBytes === pieceSizes.at(-1));
    }
  }
}

/** Cases with the same configuration share a server, unless they ask for a fresh one. */
class SharedServers {
  readonly target: Target;
  private readonly running = new Map<string, Promise<RunningServer>>();

  constructor(target: Target) {
    this.target = target;
  }

  get(config: string): Promise<RunningServer> {
    const server = this.running.get(config) ?? this.target.start(config);
    this.running.set(config, server);
    return server;
  }

  /** Starts what the next case will want while this one is played. */
  prepare(next: WireCase | undefined): void {
    if (next !== undefined && !next.isFresh) this.get(next.config).catch(() => {});
  }

  /** A server that did not start has already failed the cases that wanted it. */
  async stopAll(): Promise<void> {
    const servers = [...this.running.values()];
    this.running.clear();
    await Promise.allSettled(servers.map((server) => server.then((running) => running.stop())));
  }
}

function runScript(script: Script, servers: SharedServers, options: PlayOptions, isLast: boolean): void {
  const { target } = servers;
  const manner = options.pieceBytes > 0 ? `, ${options.pieceBytes} byte(s) at a time` : '';
  const test = suite(`${script.topic} (${target.name}${manner})`);
  const cases = script.cases.filter((each) => isTrueOf(each, target, options));
  cases.forEach((wireCase, index) => {
    test(wireCase.name, async () => {
      servers.prepare(cases[index + 1]);
      if (!wireCase.isFresh) return playCase(wireCase, await servers.get(wireCase.config), options);
      const server = await target.start(wireCase.config);
      await playCase(wireCase, server, options).finally(() => server.stop());
    });
  });
  if (isLast) test.after(() => servers.stopAll());
  test.run();
}

function isTrueOf(wireCase: WireCase, target: Target, options: PlayOptions): boolean {
  if (wireCase.isPlayedOnce && options.pieceBytes > 0) return false;
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

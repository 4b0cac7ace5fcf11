import type { BenchOptions } from '../options.ts';
import type { Server } from '../servers.ts';
import { answersWhileStoring } from './answers-while-storing.ts';
import { bucketOfKeys } from './bucket-of-keys.ts';
import { embeddedStart } from './embedded-start.ts';
import type { Figure, FigureScript } from './figure.ts';
import { idleConnections } from './idle-connections.ts';
import { idleMemory } from './idle-memory.ts';
import { leafCrowd } from './leaf-crowd.ts';
import { leafPair } from './leaf-pair.ts';
import { loginStorm } from './login-storm.ts';
import { manyAccounts } from './many-accounts.ts';
import { manySubjects } from './many-subjects.ts';
import { millionSubscriptions } from './million-subscriptions.ts';
import { monitorScrapes } from './monitor-scrapes.ts';
import { readingStreams } from './reading-streams.ts';
import { routePair } from './route-pair.ts';
import { steadyStream } from './steady-stream.ts';
import { stuckSubscribers } from './stuck-subscribers.ts';
import { timeToReady } from './time-to-ready.ts';

const SCRIPTS: readonly FigureScript[] = [
  timeToReady,
  idleMemory,
  embeddedStart,
  idleConnections,
  manyAccounts,
  loginStorm,
  millionSubscriptions,
  monitorScrapes,
  steadyStream,
  stuckSubscribers,
  routePair,
  leafPair,
  leafCrowd,
  readingStreams,
  bucketOfKeys,
  manySubjects,
  answersWhileStoring,
];

/** Measures gnatlet alone, unless other servers are asked for by name: the targets are its own. */
export async function runScale(servers: Server[], options: BenchOptions): Promise<void> {
  const scripts = chooseScripts(options.rows);
  const measured = options.servers.length > 0 ? servers : servers.filter(({ isGnatlet }) => isGnatlet);
  if (measured.length === 0) {
    console.log('Skipped: gnatlet is not built; run npm run build.');
    return;
  }
  console.log(`\n${measured.map(({ name }) => name).join(', ')}\n`);
  console.log('| figure | measured | target | met |\n| --- | --- | --- | --- |');
  // One figure of all of them before the next: they are measured as the machine is at that time.
  for (const script of scripts) {
    for (const server of measured) {
      await runScript(script, server, options.isQuick, measured.length > 1 ? `${server.name}: ` : '');
    }
  }
}

async function runScript(script: FigureScript, server: Server, isQuick: boolean, whose: string): Promise<void> {
  try {
    for (const line of await script.run(server, isQuick))
      console.log(renderFigure({ ...line, what: whose + line.what }));
  } catch (error) {
    process.exitCode = 1;
    console.log(`| ${whose}${script.name} | failed: ${(error as Error).message.split('\n').join(' ')} | | no |`);
  }
}

function renderFigure({ what, measured, target, isMet }: Figure): string {
  const verdict = isMet === null ? '' : isMet ? 'yes' : 'no';
  return `| ${what} | ${measured} | ${target} | ${verdict} |`;
}

function chooseScripts(names: string[]): readonly FigureScript[] {
  if (names.length === 0) return SCRIPTS;
  return names.map((name) => {
    const script = SCRIPTS.find((one) => one.name === name);
    if (script !== undefined) return script;
    throw new Error(`there is no figure "${name}"; there are: ${SCRIPTS.map((one) => one.name).join(', ')}`);
  });
}

/** A reload with ten thousand accounts holds nobody up: others have their turn every few milliseconds. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compose } from '../../bin/compose.ts';
import type { Configuration } from '../../bin/configuration.ts';
import { reload } from '../../bin/reload.ts';
import { ServerLog } from '../../kernel/log/server-log.ts';
import { systemPorts } from '../../kernel/ports/system-ports.ts';
import type { Server } from '../../kernel/server.ts';

const HOLD_MS_MAX = 20;
/** Until one of them shows it: on a busy machine the collector of garbage and others take of a round what is not ours. */
const ROUNDS_MAX = 10;
const COUNT = 10_000;

const CONFIGURATIONS: [name: string, text: (round: number) => string][] = [
  ['accounts with a user each', (round) => `accounts {\n${accounts(round).join('\n')}\n}`],
  ['users in one account', (round) => `accounts { ONE { users: [\n${users(round).join('\n')}\n] } }`],
  ['users in the authorization block', (round) => `authorization { users: [\n${users(round).join('\n')}\n] }`],
];

/** One of them is different each time. */
function accounts(round: number): string[] {
  return Array.from({ length: COUNT }, (_, at) => {
    const password = at === COUNT / 2 ? `p${round}` : 'p';
    return `A${at} { users: [{user: u${at}, password: ${password}, permissions { publish: "a.${at}.>" } }], limits { max_payload: 1000 } }`;
  });
}

function users(round: number): string[] {
  return Array.from({ length: COUNT }, (_, at) => `{user: u${at}, password: ${at === 7 ? `p${round}` : 'p'} }`);
}

for (const [name, text] of CONFIGURATIONS) {
  test(`${COUNT} ${name} are taken on again without a hold of more than ${HOLD_MS_MAX} ms`, async () => {
    const ports = systemPorts();
    let file = text(0);
    const request = { path: 'a.conf', readFile: () => file, clock: ports.clock };
    const { server, configuration } = await compose({ ...request, ports, hasPort: false });
    await server.start();
    const holds: number[] = [];
    let inForce = configuration;
    try {
      for (let round = 1; round <= ROUNDS_MAX && !(Math.min(...holds) <= HOLD_MS_MAX); round++) {
        file = text(round);
        const meter = new HoldMeter();
        inForce = await reloaded(server, inForce, request);
        holds.push(meter.stop());
      }
    } finally {
      await server.close();
    }
    assert.ok(Math.min(...holds) <= HOLD_MS_MAX, `held for ${holds.map((ms) => ms.toFixed(1)).join(', ')} ms`);
  });
}

async function reloaded(
  server: Server,
  configuration: Configuration,
  request: { path: string; readFile: () => string; clock: Server['broker']['clock'] },
): Promise<Configuration> {
  const said: string[] = [];
  const paper = { write: ({ text }: { text: string }) => void said.push(text), reopen: () => false, close: () => {} };
  const log = new ServerLog(paper, () => 0, { isDebugging: false, isTracing: false });
  const after = await reload({ request, configuration, log, server, time: () => 0 });
  if ('failure' in after) throw new Error(said.join('\n'));
  return after;
}

/** The longest time for which nobody had a turn. What others on this machine took of it does not count. */
class HoldMeter {
  private longest = 0;
  private last = performance.now();
  private lastBusy = busyMs();
  private isOver = false;

  constructor() {
    setImmediate(() => this.look());
  }

  stop(): number {
    this.isOver = true;
    this.note();
    return this.longest;
  }

  private look(): void {
    if (this.isOver) return;
    this.note();
    setImmediate(() => this.look());
  }

  private note(): void {
    const [now, busy] = [performance.now(), busyMs()];
    this.longest = Math.max(this.longest, Math.min(now - this.last, busy - this.lastBusy));
    [this.last, this.lastBusy] = [now, busy];
  }
}

function busyMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

test.run();

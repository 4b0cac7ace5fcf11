/** A server on a disk whose power fails while clients publish and consume, and what becomes of what they were promised. */
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { BrokerProcess, Folder, PROGRAM } from '../../../bin/broker-process.ts';
import type { Seeded } from '../../../fuzz/seeded.ts';
import { clientOf, contentOf, finish, prepare, untilKilled } from '../kills/killed-broker.ts';
import { Ledger } from '../kills/ledger.ts';
import { CutDisk, LookedAtDisk } from './cut-disk.ts';

const SHORTEST_MS = 100;
const LONGEST_MS = 900;
/** A power cut is no damage. */
const ALARM = /damage|lost|\[(WRN|ERR|FTL)\]/;

export const GNATLET: readonly string[] = [process.execPath, PROGRAM];

export interface PowerReport {
  cuts: number;
  /** Confirmed to publishers. */
  stored: number;
  /** Confirmed to consumers. */
  settled: number;
  /** Stored, and not there after a cut that came after. */
  lost: number;
  /** What was broken, one line each. */
  faults: string[];
}

/**
 * Cuts the power so many times. Each time the disk is looked at as it was in the midst of a write, and as it was when only what had been
 * flushed was left; it goes on with the latter.
 */
export async function cutAgainAndAgain(chance: Seeded, rounds: number, program = GNATLET): Promise<PowerReport> {
  using folder = new Folder();
  using disk = new CutDisk(folder.path);
  const ledger = new Ledger();
  const report: PowerReport = { cuts: 0, stored: 0, settled: 0, lost: 0, faults: [] };
  for (let round = 0; round < rounds && report.faults.length === 0; round++) {
    const [written, flushed] = await cutOnce(disk, ledger, SHORTEST_MS + chance.below(LONGEST_MS), program);
    const isLast = round === rounds - 1;
    const place = `after power cut ${round + 1}`;
    const looks = [
      { what: `${place}, all that was written`, left: written, look: broken },
      { what: `${place}, all that was flushed`, left: flushed, look: isLast ? finish : broken },
    ];
    for (const { what, left, look } of looks) {
      const faults = await lookedAt(folder.path, left, program, async (client) => {
        report.lost += await missing(client, ledger);
        return look(client, ledger);
      });
      report.faults.push(...faults.map((fault) => `${what}: ${fault}`));
    }
    disk.put(flushed);
    report.cuts++;
  }
  return Object.assign(report, { stored: ledger.stored.size, settled: ledger.settled.size });
}

/** Until the power fails: the process dies with the machine. */
async function cutOnce(disk: CutDisk, ledger: Ledger, milliseconds: number, program: readonly string[]) {
  disk.on();
  await using server = await startOn(disk.path, program);
  const client = await clientOf(server);
  if (ledger.drawn === 0) await prepare(client);
  let written: Buffer = Buffer.alloc(0);
  const kill = (): void => {
    written = disk.writtenNow(() => server.child.kill('SIGKILL'));
  };
  await untilKilled(server, client, ledger, milliseconds, kill);
  const flushed = disk.cut();
  await client.close();
  ledger.crashed();
  return [written, flushed] as const;
}

async function lookedAt(
  folder: string,
  left: Uint8Array,
  program: readonly string[],
  look: (client: NatsConnection) => Promise<string[]>,
): Promise<string[]> {
  using disk = new LookedAtDisk(folder, left);
  await using server = await startOn(disk.path, program);
  const client = await clientOf(server);
  const faults = await look(client).catch((error: Error) => [error.message]);
  await client.close();
  const alarms = server.lines.filter((line) => ALARM.test(line));
  return [...faults, ...alarms.map((line) => `it said: ${line}`)];
}

function startOn(path: string, program: readonly string[]): Promise<BrokerProcess> {
  return BrokerProcess.start(['-js', '-sd', path], '/', 'Server is ready', program);
}

/** How many of the messages that were confirmed are not there. */
async function missing(client: NatsConnection, { stored }: Ledger): Promise<number> {
  const found = await contentOf(client).catch(() => new Map<number, string>());
  return [...stored].filter(([content, seq]) => found.get(seq) !== content).length;
}

/** What is not as it was promised, to publishers and to the consumer. */
async function broken(client: NatsConnection, ledger: Ledger): Promise<string[]> {
  const faults = ledger.faults(await contentOf(client));
  const consumer = await jetstream(client).consumers.get('S', 'C');
  for await (const { seq } of await consumer.fetch({ max_messages: 5_000, expires: 1_000 })) {
    if (ledger.settled.has(seq)) faults.push(`${seq} was given out again after its acknowledgement was confirmed`);
  }
  return faults.slice(0, 10);
}

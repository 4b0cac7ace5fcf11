import { setTimeout as delay } from 'node:timers/promises';
import type { Link } from '../generator/link.ts';
import type { Latency } from '../generator/load.ts';
import { processUsage } from '../generator/process-usage.ts';
import { type RunningServer, startServer } from '../running-server.ts';
import { latencyText, memoryText } from '../units.ts';
import { type CutOffCounts, readCutOffCounts } from './cut-off-counts.ts';
import { type Figure, type FigureScript, figure, information, unmeasured } from './figure.ts';
import { affordableConnections, openLinks, shortageNote } from './many-links.ts';
import { StampedTraffic } from './stamped-traffic.ts';

const SUBJECT = 'flood.data';
const RESIDENT_BYTES_MAX = 2 ** 30;
/** Beyond this the machine itself is in danger, and nothing more is to be learnt. */
const GIVE_UP_BYTES = 4 * 2 ** 30;
const LOOK_EVERY_MS = 100;
const SLOWER_MAX = 2;

/** What many subscribers that never read cost the server, and those who do read. */
export const stuckSubscribers: FigureScript = {
  name: 'stuck-subscribers',
  async run(server, isQuick) {
    const running = await startServer(server, { serverFlags: ['-m', '-1'] });
    try {
      return await new Flood(running, isQuick).run();
    } finally {
      await running.stop();
    }
  },
};

class Flood {
  readonly #running: RunningServer;
  readonly #wished: number;
  readonly #idleMs: number;
  readonly #floodMs: number;
  readonly #troubles: Error[] = [];
  readonly #healthy: StampedTraffic;
  readonly #bystanders: StampedTraffic;

  constructor(running: RunningServer, isQuick: boolean) {
    this.#running = running;
    this.#wished = isQuick ? 1_000 : 10_000;
    this.#idleMs = isQuick ? 2_000 : 10_000;
    this.#floodMs = isQuick ? 5_000 : 30_000;
    const onFailure = (error: Error): void => {
      this.#troubles.push(error);
    };
    const payloadBytes = 16 * 1024;
    this.#healthy = new StampedTraffic(
      { subject: SUBJECT, payloadBytes, subscribers: 8, everyMs: 10, isPatient: true },
      onFailure,
    );
    this.#bystanders = new StampedTraffic(
      { subject: 'bystander.data', payloadBytes: 16, subscribers: 1, everyMs: 1, isPatient: false },
      onFailure,
    );
  }

  async run(): Promise<Figure[]> {
    const stuck: Link[] = [];
    try {
      await this.#healthy.open(this.#running);
      await this.#bystanders.open(this.#running);
      const idle = await this.#observe(this.#idleMs);
      const before = await readCutOffCounts(this.#running.monitorUrl);
      stuck.push(...(await this.#openStuck()));
      const flooded = await this.#observe(this.#floodMs);
      const after = await readCutOffCounts(this.#running.monitorUrl);
      return this.#figures(stuck.length, idle, flooded, before, after);
    } finally {
      this.#healthy.close();
      this.#bystanders.close();
      for (const link of stuck) link.close();
    }
  }

  async #openStuck(): Promise<Link[]> {
    const count = affordableConnections(this.#wished);
    const links = await openLinks(this.#running, count, () => {});
    await Promise.all(links.map((link) => link.sendAndAwaitPong(`SUB ${SUBJECT} 1\r\nPING\r\n`)));
    for (const link of links) link.stopReading();
    return links;
  }

  async #observe(milliseconds: number): Promise<Observed> {
    const publishedBefore = this.#healthy.published;
    this.#healthy.start();
    this.#bystanders.start();
    for (let left = milliseconds; left > 0; left -= LOOK_EVERY_MS) {
      await delay(LOOK_EVERY_MS);
      if (this.#isTooLarge()) break;
    }
    const healthy = (await this.#healthy.stop()).summary();
    const bystanders = (await this.#bystanders.stop()).summary();
    return { healthy, bystanders, published: this.#healthy.published - publishedBefore };
  }

  #isTooLarge(): boolean {
    const usage = processUsage(this.#running.pid);
    return usage !== null && usage.residentBytes > GIVE_UP_BYTES;
  }

  #figures(
    stuck: number,
    idle: Observed,
    flooded: Observed,
    before: CutOffCounts | null,
    after: CutOffCounts | null,
  ): Figure[] {
    const who = `${stuck} subscribers that never read${shortageNote(stuck, this.#wished)}`;
    return [
      information(`${who}: messages of 16 KiB published`, String(flooded.published)),
      this.#memoryFigure(),
      latencyFigure('healthy subscribers of the same subject, p99', idle.healthy, flooded.healthy),
      latencyFigure('subscribers of another subject, p99', idle.bystanders, flooded.bystanders),
      figure('healthy connections lost', String(this.#troubles.length), 'none', this.#troubles.length === 0),
      cutOffFigure(stuck, before, after),
    ];
  }

  #memoryFigure(): Figure {
    const what = 'peak of the resident memory';
    const usage = processUsage(this.#running.pid);
    if (usage === null) return unmeasured(what, 'under 1 GiB', 'no /proc');
    const bytes = usage.peakResidentBytes;
    const end = bytes > GIVE_UP_BYTES ? ', where the run was given up' : '';
    return figure(what, `${memoryText(bytes)}${end}`, 'under 1 GiB', bytes < RESIDENT_BYTES_MAX);
  }
}

interface Observed {
  healthy: Latency;
  bystanders: Latency;
  /** Messages of 16 KiB. */
  published: number;
}

function latencyFigure(what: string, idle: Latency, flooded: Latency): Figure {
  const measured =
    `${latencyText(flooded.p99Micros)} (p50 ${latencyText(flooded.p50Micros)}), ` +
    `without the stuck ones ${latencyText(idle.p99Micros)} (p50 ${latencyText(idle.p50Micros)})`;
  const isMet = flooded.p99Micros <= SLOWER_MAX * idle.p99Micros;
  return figure(what, measured, `at most ${SLOWER_MAX} times the idle one`, isMet);
}

function cutOffFigure(stuck: number, before: CutOffCounts | null, after: CutOffCounts | null): Figure {
  const what = 'connections cut off, and counted';
  const target = 'each with its reason';
  if (before === null || after === null) return unmeasured(what, target, 'the server shows no monitoring pages');
  const cut = before.open + stuck - after.open;
  const counted = after.slowConsumers - before.slowConsumers;
  const reasons = [...after.reasons].map(([reason, count]) => `${reason}: ${count}`).join(', ');
  const explained = [...after.reasons].reduce((sum, [reason, count]) => sum + (isCutOff(reason) ? count : 0), 0);
  const measured = `${cut} cut off, ${counted} counted as slow consumers; ${reasons || 'no closed connections listed'}`;
  return figure(what, measured, target, counted === cut && explained === cut);
}

function isCutOff(reason: string): boolean {
  return reason.startsWith('Slow Consumer');
}

import { type RunningServer, startServer } from '../running-server.ts';
import type { Server } from '../servers.ts';
import { type Figure, type FigureScript, figure, unmeasured } from './figure.ts';
import { longestWait } from './longest-wait.ts';
import { affordableConnections, openLinks, shortageNote } from './many-links.ts';

const WAIT_MS_MAX = 20;
/** The best counts: a machine that does something else as well makes everybody wait now and then. */
const ROUNDS = 5;
const LINKS = 10;
const SORTS = 'cid start subs pending msgs_to msgs_from bytes_to bytes_from last idle uptime rtt'.split(' ');

/** How long a client waits at most while somebody looks at the monitor of a broker that has a lot to show. */
export const monitorScrapes: FigureScript = {
  name: 'monitor-scrapes',
  async run(server, isQuick) {
    return [
      ...(await withServer(server, (running) => scrapeConnections(running, isQuick ? 1_000 : 10_000))),
      ...(await withServer(server, (running) => scrapeSubscriptions(running, isQuick ? 100_000 : 1_000_000))),
    ];
  },
};

async function withServer(server: Server, work: (running: RunningServer) => Promise<Figure[]>): Promise<Figure[]> {
  const running = await startServer(server, { serverFlags: ['-m', '-1'] });
  try {
    if (running.monitorUrl === null) return [unmeasured('scrapes of the monitor', '', 'there is no monitor')];
    return await work(running);
  } finally {
    await running.stop();
  }
}

async function scrapeConnections(running: RunningServer, wished: number): Promise<Figure[]> {
  const count = affordableConnections(wished);
  const links = await openLinks(running, count, () => {});
  await Promise.all(links.map((link, index) => link.sendAndAwaitPong(`SUB a.${index} 1\r\nSUB b q 2\r\nPING\r\n`)));
  const all = `limit=${count}&subs=detail&auth=1`;
  const scrapes: [string, string][] = [
    ...SORTS.map((sort): [string, string] => [`/connz by ${sort}`, `connz?${all}&sort=${sort}`]),
    ['/accstatz', 'accstatz?unused=1'],
  ];
  const figures: Figure[] = [];
  for (const [what, page] of scrapes) {
    figures.push(await scrape(running, `${what} with ${count} connections${shortageNote(count, wished)}`, page));
  }
  for (const link of links) link.close();
  return figures;
}

async function scrapeSubscriptions(running: RunningServer, count: number): Promise<Figure[]> {
  const links = await openLinks(running, LINKS, () => {});
  await Promise.all(links.map((link, index) => link.sendAndAwaitPong(subscriptions(index, count / LINKS))));
  const pages: [string, string][] = [
    ['/subsz', 'subsz'],
    ['/subsz?subs=1', 'subsz?subs=1'],
    [`/subsz?subs=1&limit=${count}`, `subsz?subs=1&limit=${count}`],
    ['/subsz?subs=1&test=', 'subsz?subs=1&test=bench.1.77.t'],
    ['/connz?subs=detail', 'connz?subs=detail'],
  ];
  const figures: Figure[] = [];
  for (const [what, page] of pages) figures.push(await scrape(running, `${what} with ${count} subscriptions`, page));
  for (const link of links) link.close();
  return figures;
}

function subscriptions(link: number, count: number): string {
  const lines = Array.from({ length: count }, (_, index) => `SUB bench.${link}.${index}.t ${index}\r\n`);
  return `${lines.join('')}PING\r\n`;
}

async function scrape({ monitorUrl, host, port }: RunningServer, what: string, page: string): Promise<Figure> {
  const url = new URL(page, monitorUrl ?? '');
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const waited = await longestWait(
      { host, port },
      () => ({}),
      () => taken(url),
    );
    best = Math.min(best, waited);
  }
  const measured = `${best.toFixed(1)} ms`;
  return figure(`the longest wait during ${what}`, measured, `at most ${WAIT_MS_MAX} ms`, best <= WAIT_MS_MAX);
}

/** Read to the end, and not kept. */
async function taken(url: URL): Promise<void> {
  const response = await fetch(url);
  for await (const _piece of response.body ?? []) {
    // Only taking it matters.
  }
}

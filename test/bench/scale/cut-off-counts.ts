/** What a server's monitoring pages say of the connections it closed. */

export interface CutOffCounts {
  open: number;
  slowConsumers: number;
  /** Closed connections by the reason given; a server remembers only so many of them. */
  reasons: Map<string, number>;
}

interface Varz {
  connections: number;
  slow_consumers: number;
}

interface ClosedConnz {
  connections?: { reason?: string }[];
}

/** Null when the server shows no such pages. */
export async function readCutOffCounts(monitorUrl: string | null): Promise<CutOffCounts | null> {
  if (monitorUrl === null) return null;
  const varz = (await readPage(monitorUrl, 'varz')) as Varz;
  const closed = (await readPage(monitorUrl, 'connz?state=closed&limit=100000')) as ClosedConnz;
  const reasons = new Map<string, number>();
  for (const { reason = 'no reason' } of closed.connections ?? []) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return { open: varz.connections, slowConsumers: varz.slow_consumers, reasons };
}

async function readPage(monitorUrl: string, page: string): Promise<unknown> {
  const response = await fetch(new URL(page, monitorUrl));
  if (!response.ok) throw new Error(`${page} answered ${response.status}`);
  return response.json();
}

/** Questions to the monitor this page came from: below the same base path, whatever that is. */
import { type Row, rowOf } from './answers.ts';

const PATIENCE_MS = 10_000;

/** The monitor answered, but not with what was asked for. */
export class Refused extends Error {
  readonly status: number;

  constructor(path: string, status: number, body: string) {
    super(`/${path.replace(/\?.*/, '')} answers ${status}: ${body.trim().slice(0, 200)}`);
    this.status = status;
  }
}

/** Nobody answered, or not to the end. */
export class Unreachable extends Error {}

export type Ask = (path: string, parameters?: Readonly<Record<string, string | number>>) => Promise<Row>;

export function asker(signal: AbortSignal): Ask {
  return async (path, parameters = {}) => {
    const query = new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
    const target = query.size === 0 ? path : `${path}?${query}`;
    const options = { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]), cache: 'no-store' } as const;
    const { status, type, body } = await exchange(target, options);
    // A health check that fails says so in JSON.
    if (!type.includes('json')) throw new Refused(path, status, body);
    return rowOf(JSON.parse(body));
  };
}

async function exchange(target: string, options: RequestInit): Promise<{ status: number; type: string; body: string }> {
  try {
    const response = await fetch(target, options);
    return { status: response.status, type: response.headers.get('content-type') ?? '', body: await response.text() };
  } catch (error) {
    throw new Unreachable((error as Error).message, { cause: error });
  }
}

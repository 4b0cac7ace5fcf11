import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Empty: all of them. */
  rows: string[];
  /** The first one is what the others are compared with; empty: gnatlet, then every genuine server found. */
  servers: string[];
  pairs: number;
  warmupSeconds: number;
  seconds: number;
  isQuick: boolean;
  jsonPath: string | null;
  isProfiling: boolean;
  isScale: boolean;
}

export const USAGE = `usage: npm run bench -- [options]
  --rows a,b       only these rows (with --scale: only these figures)
  --servers a,b    which servers: "gnatlet", a path, or a part of a found nats-server's version or path;
                   the first is compared with the others
  --pairs N        measurements of each server on each row (default 5); medians are compared
  --quick          one pair, half a second each: proves that it runs, and no more
  --json FILE      also write every single measurement there
  --profile        record a CPU profile of gnatlet on each row, and print its hottest functions
  --scale          the other figures: memory, start, many connections, many subscriptions, stuck subscribers`;

export function readBenchOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: 'string', default: '' },
      servers: { type: 'string', default: '' },
      pairs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      profile: { type: 'boolean', default: false },
      scale: { type: 'boolean', default: false },
    },
  });
  return {
    rows: words(values.rows),
    servers: words(values.servers),
    pairs: readPairs(values.pairs, values.quick),
    warmupSeconds: values.quick ? 0.2 : 0.5,
    seconds: values.quick ? 0.5 : 2,
    isQuick: values.quick,
    jsonPath: values.json ?? null,
    isProfiling: values.profile,
    isScale: values.scale,
  };
}

function words(list: string): string[] {
  return list.split(',').filter((word) => word !== '');
}

function readPairs(text: string | undefined, isQuick: boolean): number {
  if (text === undefined) return isQuick ? 1 : 5;
  const pairs = Number(text);
  if (!Number.isInteger(pairs) || pairs < 1) throw new Error(`--pairs takes a number from 1, not "${text}"`);
  return pairs;
}

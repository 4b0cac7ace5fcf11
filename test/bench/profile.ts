import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

/** The flags that make Node write a profile of itself into the folder when it ends. */
export function profilingFlags(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}

/** The functions that took the most time themselves, with their share. */
export function hottestFunctions(folder: string, count: number): string {
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .sort()
    .at(-1);
  if (newest === undefined) return 'The server wrote no profile: did it end by itself?';
  const path = join(folder, newest);
  const shares = selfShares(JSON.parse(readFileSync(path, 'utf8')));
  const lines = shares.slice(0, count).map(([place, share]) => `${(share * 100).toFixed(1).padStart(6)} %  ${place}`);
  return [path, ...lines].join('\n');
}

function selfShares(profile: CpuProfile): [string, number][] {
  const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const times = new Map<string, number>();
  let total = 0;
  for (const [index, id] of profile.samples.entries()) {
    const place = places.get(id) ?? '(unknown)';
    const micros = profile.timeDeltas[index] ?? 0;
    times.set(place, (times.get(place) ?? 0) + micros);
    total += micros;
  }
  return [...times].map(([place, micros]): [string, number] => [place, micros / total]).sort((a, b) => b[1] - a[1]);
}

function placeOf(frame: { functionName: string; url: string; lineNumber: number }): string {
  const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
  return frame.url === '' ? name : `${name} ${basename(frame.url)}:${frame.lineNumber + 1}`;
}

/** Where the lines of a chart run: numbers in, paths out. */

export interface Point {
  readonly atMs: number;
  readonly value: number | null;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** The right edge. */
  readonly untilMs: number;
  readonly windowMs: number;
  /** The upper edge; the lower one is zero. */
  readonly ceiling: number;
}

/** The next round number: 1, 2 or 5 times a power of ten, or of 1024 and ten for sizes. */
export function niceCeiling(value: number, isSize = false): number {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const unit = isSize ? 1024 ** Math.max(0, Math.floor(Math.log2(value) / 10)) : 1;
  const power = 10 ** Math.floor(Math.log10(value / unit));
  const steps = [1, 2, 5, 10].map((step) => step * power * unit);
  // A little air, for rounding.
  return steps.find((step) => value <= step * 1.000001)!;
}

/** The largest value that is within the window. */
export function peakOf(points: readonly Point[], fromMs: number): number {
  let peak = 0;
  for (const { atMs, value } of points) if (value !== null && atMs >= fromMs && value > peak) peak = value;
  return peak;
}

export interface Shape {
  readonly line: string;
  /** The same, closed along the lower edge. */
  readonly area: string;
}

/** A line, broken where values are missing. Of the points that share a column of pixels the highest is drawn. */
export function shapeOf(points: readonly Point[], frame: Frame): Shape {
  const runs: [x: number, y: number][][] = [[]];
  for (const { atMs, value } of points) {
    const run = runs.at(-1)!;
    if (value === null) {
      if (run.length > 0) runs.push([]);
      continue;
    }
    const x = frame.width * (1 - (frame.untilMs - atMs) / frame.windowMs);
    if (x < 0) continue;
    const y = frame.height * (1 - Math.min(1, Math.max(0, value / frame.ceiling)));
    const last = run.at(-1);
    if (last !== undefined && x - last[0] < 1) last[1] = Math.min(last[1], y);
    else run.push([x, y]);
  }
  const drawn = runs.filter((run) => run.length > 0);
  return { line: drawn.map(lineOf).join(''), area: drawn.map((run) => areaOf(run, frame.height)).join('') };
}

/** A point alone is a short stroke, or nobody would see it. */
function lineOf(run: readonly [number, number][]): string {
  const [x, y] = run[0]!;
  if (run.length === 1) return `M${coordinates([x - 1, y])}L${coordinates([x, y])}`;
  return `M${run.map(coordinates).join('L')}`;
}

function areaOf(run: readonly [number, number][], height: number): string {
  if (run.length === 1) return '';
  return `M${coordinates([run[0]![0], height])}L${run.map(coordinates).join('L')}L${coordinates([run.at(-1)![0], height])}Z`;
}

function coordinates([x, y]: readonly [number, number]): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}

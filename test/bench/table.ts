import type { Measurement } from './measurements.ts';
import { type Medians, median, mediansOf, type Ratio, ratioTo } from './medians.ts';
import type { Row } from './rows.ts';
import { cpuText, latencyText, memoryText, rateText, ratioText } from './units.ts';

/** A Markdown table of medians, one line per row, and what it comes to. */
export function renderTable(rows: readonly Row[], servers: string[], measurements: Measurement[]): string {
  const lines = rows.map((row) => compareRow(row, servers, measurements)).filter((line) => line !== null);
  const [, ...peers] = servers;
  const comparisons = peers.length > 1 ? [...peers, 'the faster of them'] : peers;
  const head = ['row', ...servers, ...comparisons.map((peer) => `ratio to ${peer}`)];
  const table = [head, head.map(() => '---'), ...lines.map(({ cells }) => cells)];
  const text = table.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return [text, '', ...summary(lines, peers), ...notes(lines)].join('\n');
}

interface ComparedRow {
  row: Row;
  cells: string[];
  own: Medians;
  /** One for each peer. */
  ratios: Ratio[];
  ratioToBest: Ratio | null;
}

function compareRow(row: Row, servers: string[], measurements: Measurement[]): ComparedRow | null {
  const medians = servers.map((server) => mediansOf(measurements, row.name, server));
  const known = medians.filter((one) => one !== null);
  if (known.length < servers.length || known.length === 0) return null;
  const [own, ...peers] = known as [Medians, ...Medians[]];
  const ratios = peers.map((peer) => ratioTo(own, [peer])!);
  const ratioToBest = ratioTo(own, peers);
  const shown = peers.length > 1 ? [...ratios, ratioToBest!] : ratios;
  const cells = [row.title, ...known.map(describe), ...shown.map(describeRatio)];
  return { row, cells, own, ratios, ratioToBest };
}

function describe(medians: Medians): string {
  const parts = [rateText(medians.perSecond)];
  if (medians.cpuMicrosPerMessage !== null) parts.push(cpuText(medians.cpuMicrosPerMessage));
  if (medians.p50Micros !== null) parts.push(`p50 ${latencyText(medians.p50Micros)}`);
  if (medians.p99Micros !== null) parts.push(`p99 ${latencyText(medians.p99Micros)}`);
  if (medians.residentBytes !== null) parts.push(memoryText(medians.residentBytes));
  return parts.join(', ');
}

function describeRatio(ratio: Ratio): string {
  return ratio.cpu === null ? ratioText(ratio.throughput) : `${ratioText(ratio.throughput)} / ${ratioText(ratio.cpu)}`;
}

function summary(lines: ComparedRow[], peers: string[]): string[] {
  if (lines.length === 0) return ['No row was measured on every server.'];
  if (peers.length === 0) return ['No server to compare with: the figures stand alone.'];
  const overPeers = peers.map((peer, index) => {
    const ratios = lines.map((line) => line.ratios[index]!);
    return `Median of the rows against ${peer}: ${describeRatio(medianRatio(ratios))} (throughput / CPU per message).`;
  });
  return [...overPeers, ...belowTarget(lines)];
}

function medianRatio(ratios: Ratio[]): Ratio {
  const cpus = ratios.map(({ cpu }) => cpu).filter((cpu) => cpu !== null);
  return {
    throughput: median(ratios.map(({ throughput }) => throughput)),
    cpu: cpus.length === ratios.length ? median(cpus) : null,
  };
}

function belowTarget(lines: ComparedRow[]): string[] {
  const below = lines.filter(({ row, ratioToBest }) => {
    const { throughput, cpu } = ratioToBest!;
    return throughput < row.target || (cpu !== null && cpu < row.target);
  });
  if (below.length === 0) return ['Every row reaches its target against the faster peer.'];
  return below.map(
    ({ row, ratioToBest }) => `Below its target of ${row.target}: ${row.title} (${describeRatio(ratioToBest!)}).`,
  );
}

/** Above this share of its core the generator may have been what was measured. */
const BUSY = 0.9;

function notes(lines: ComparedRow[]): string[] {
  return lines
    .filter(({ own }) => own.generatorBusy > BUSY && (own.serverBusy ?? 0) < own.generatorBusy)
    .map(({ row }) => `On "${row.title}" the load was busier than the server: its throughput is a lower bound.`);
}

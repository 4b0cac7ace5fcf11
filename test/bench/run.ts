/** `npm run bench`: gnatlet and each genuine nats-server found, in turn, row by row; see README.md beside this file. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine, hasProcessMeters } from './machine.ts';
import { type Measurement, measureOnce, measureRow } from './measurements.ts';
import { type BenchOptions, readBenchOptions, USAGE } from './options.ts';
import { hottestFunctions, profilingFlags } from './profile.ts';
import { ROWS, type Row } from './rows.ts';
import { runScale } from './scale/figures.ts';
import { chooseServers, findServers, type Server } from './servers.ts';
import { renderTable } from './table.ts';
import { cpuText, rateText } from './units.ts';

await main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  try {
    await run(readBenchOptions(args));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 1;
  }
}

async function run(options: BenchOptions): Promise<void> {
  const found = findServers();
  const servers = chooseServers(found, options.servers);
  console.log(`Machine: ${describeMachine()}`);
  if (!hasProcessMeters()) console.log('No /proc here: processor time and memory are not measured.');
  if (options.isScale) return runScale(servers, options);
  console.log(`Servers: ${servers.map(({ name }) => name).join(', ') || 'none'}`);
  if (!found.some(({ isGnatlet }) => isGnatlet)) console.log('Skipped gnatlet: it is not built; run npm run build.');
  if (!found.some(({ isGnatlet }) => !isGnatlet)) {
    console.log('Skipped the comparison: no nats-server on PATH or in GNATLET_NATS_SERVER.');
  }
  if (servers.length === 0) return;
  if (options.isProfiling) return profileRows(servers, chooseRows(options.rows), options);
  await compareServers(servers, chooseRows(options.rows), options);
}

async function compareServers(servers: Server[], rows: readonly Row[], options: BenchOptions): Promise<void> {
  const measurements: Measurement[] = [];
  for (const row of rows) {
    await measureRow(servers, row, options, {
      measured: (measurement) => {
        measurements.push(measurement);
        showProgress(measurement);
      },
      failed: showFailure,
    });
  }
  const names = servers.map(({ name }) => name);
  console.log(
    `\nMedians of ${options.pairs}, ${options.seconds} s each after ${options.warmupSeconds} s of warm-up.\n`,
  );
  console.log(renderTable(rows, names, measurements));
  if (options.jsonPath !== null) {
    const report = { machine: describeMachine(), servers: names, options, measurements };
    writeFileSync(options.jsonPath, `${JSON.stringify(report, null, 2)}\n`);
  }
}

/** On standard error, so that standard output holds the report alone. */
function showProgress({ row, server, pair, result }: Measurement): void {
  const cpu = result.cpuMicrosPerMessage === null ? '' : `, ${cpuText(result.cpuMicrosPerMessage)}`;
  console.error(`${row} ${pair + 1}: ${server}: ${rateText(result.perSecond)}${cpu}`);
}

function showFailure(server: Server, row: Row, error: Error): void {
  process.exitCode = 1;
  console.log(`${row.name} failed on ${server.name}: ${error.message}`);
}

async function profileRows(servers: Server[], rows: readonly Row[], options: BenchOptions): Promise<void> {
  const gnatlet = servers.find(({ isGnatlet }) => isGnatlet);
  if (gnatlet === undefined) throw new Error('--profile records gnatlet, and it is not among the servers');
  for (const row of rows) {
    const folder = join(tmpdir(), 'gnatlet-profiles', row.name);
    const result = await measureOnce(gnatlet, row, options, profilingFlags(folder));
    console.log(`\n${row.title}: ${rateText(result.perSecond)}\n${hottestFunctions(folder, 15)}`);
  }
}

function chooseRows(names: string[]): readonly Row[] {
  if (names.length === 0) return ROWS;
  return names.map((name) => {
    const row = ROWS.find((one) => one.name === name);
    if (row !== undefined) return row;
    throw new Error(`there is no row "${name}"; there are: ${ROWS.map((one) => one.name).join(', ')}`);
  });
}

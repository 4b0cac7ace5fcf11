/** Runs a broker as a process: log, files, signals, and the life in between. */
import type { CoreOptions } from '../kernel/config/core-options.ts';
import { renderProblem, renderProblems } from '../kernel/config/problem.ts';
import type { Tracer } from '../kernel/connection/tracer.ts';
import { logTime } from '../kernel/log/log-time.ts';
import { ServerLog } from '../kernel/log/server-log.ts';
import { systemPorts } from '../kernel/ports/system-ports.ts';
import type { Server } from '../kernel/server.ts';
import { serverFrom } from './compose.ts';
import { type Configuration, readSoundConfiguration } from './configuration.ts';
import type { FlagValue } from './flags.ts';
import { idleOptions } from './idle-options.ts';
import { logLevels, openLog } from './logging.ts';
import { writePidFile } from './process-files.ts';
import { requestOf } from './request.ts';
import { RunningBroker } from './running-broker.ts';
import { writeError } from './standard-error.ts';

export async function start(given: ReadonlyMap<string, FlagValue>): Promise<void> {
  const ports = systemPorts();
  const request = { ...requestOf(given), clock: ports.clock };
  const configuration = await readSoundConfiguration(request);
  warn(configuration);
  const time = logTime(ports.clock);
  const log = await openedLog(configuration, time);
  if (log === null) return;
  const { options } = configuration.loaded;
  const server = serverFrom(configuration, {
    ports,
    log,
    configFile: request.path,
    prepare: () => {
      for (const text of [...configuration.problems.map(renderProblem), ...idleOptions(options)]) log.warn(text);
      prepareFiles(options);
    },
  });
  server.broker.tracer = await tracerOf(options, server);
  await new RunningBroker({ request, configuration, log, time, server }).run();
}

/** A start goes on in spite of them. */
function warn({ problems }: Configuration): void {
  if (problems.length > 0) writeError(`${renderProblems(problems)}\n`);
}

/** Before anything is opened. */
function prepareFiles({ pidFile }: CoreOptions): void {
  if (pidFile !== '') writePidFile(pidFile);
}

/** Loaded only when somebody traces. */
async function tracerOf(options: CoreOptions, { broker }: Server): Promise<Tracer | null> {
  return options.trace ? (await import('./tracing.ts')).tracerFor(options, broker) : null;
}

/** Null: it could not be opened, and the user has been told. */
async function openedLog(configuration: Configuration, time: () => number): Promise<ServerLog | null> {
  try {
    return new ServerLog(await openLog(configuration.loaded, time), time, logLevels(configuration.loaded));
  } catch (error) {
    process.exitCode = 1;
    writeError(`${(error as Error).message}\n`);
    return null;
  }
}

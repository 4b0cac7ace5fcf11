import { definePlugin, type Log, type PluginContext } from '../../kernel/plugin-api.ts';
import { STORAGE_OPENER, type StorageOpener, type StoragePlace } from '../contract.ts';
import type { DriverReport } from './driver-report.ts';
import { type FileDriver, openFileDriver } from './file-driver.ts';

export const plugin = definePlugin({
  name: 'storage-file',
  version: '1.0.0',
  api: [1],
  summary: 'Keeps streams on disk',
  provides: [{ name: STORAGE_OPENER, cardinality: 'named', id: 'file' }],

  register(ctx) {
    const opener: StorageOpener = { name: 'file', open: (place) => open(ctx, place) };
    ctx.provide(STORAGE_OPENER, opener, { id: opener.name });
  },
});

async function open(ctx: PluginContext, place: StoragePlace): Promise<FileDriver> {
  const driver = await openFileDriver(ctx.kernel.ports, place);
  const { log } = ctx;
  if (driver.report !== null) tellWhatWasFound(log, place.directory, driver.report);
  driver.quarantine.onRemoved = (path) =>
    log.info(`${path} was removed: it was kept as long as 'quarantine_keep' says`);
  const isNews = changes();
  driver.events = {
    room: (cause) => isNews('room', cause) && tellOfRoom(log, place.directory, cause),
    trouble: (cause) => isNews('trouble', cause) && tellOfTrouble(log, place.directory, cause),
  };
  return driver;
}

/** Of each kind of trouble one line when it begins, and one when it is over. */
function changes(): (kind: string, cause: Error | null) => boolean {
  const present = new Set<string>();
  return (kind, cause) => {
    if (cause === null) return present.delete(kind);
    const { size } = present;
    return present.add(kind).size > size;
  };
}

/** What is damaged is told by whoever knows whose it is. */
function tellWhatWasFound(log: Log, directory: string, { journal, setAside, quarantined }: DriverReport): void {
  for (const stranger of journal.strangers) log.warn(`${stranger} is no file of this journal; it is left as it is`);
  for (const { path, reason } of setAside) log.error(`${reason}: it is not served, and was set aside in ${path}`);
  if (quarantined === 0) return;
  const things = quarantined === 1 ? 'one thing was' : `${quarantined} things were`;
  log.warn(`${things} set aside in ${directory}/quarantine: see "gnatlet store quarantine", which removes it, too`);
}

function tellOfRoom(log: Log, directory: string, cause: Error | null): void {
  if (cause === null) log.info(`${directory} has room again`);
  else log.error(`${directory} has no room: messages are refused until there is some (${cause.message})`);
}

function tellOfTrouble(log: Log, directory: string, cause: Error | null): void {
  if (cause === null) log.info(`${directory} can be written again`);
  else log.error(`${directory} cannot be written: what was under way is not acknowledged (${cause.message})`);
}

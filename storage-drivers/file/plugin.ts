import { definePlugin, type Log, type PluginContext } from '../../kernel/plugin-api.ts';
import { STORAGE_OPENER, type StorageOpener, type StoragePlace } from '../contract.ts';
import { type DriverReport, type FileDriver, openFileDriver } from './file-driver.ts';

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
  driver.events = {
    room: (cause) => tellOfRoom(log, place.directory, cause),
    trouble: (cause) => tellOfTrouble(log, place.directory, cause),
  };
  return driver;
}

function tellWhatWasFound(
  log: Log,
  directory: string,
  { journal, unreadable, orphanedOperations }: DriverReport,
): void {
  for (const { path, from, to, firstFrame, lastFrame } of journal.holes) {
    log.error(`${path} is damaged from byte ${from} to ${to}: frames ${firstFrame} to ${lastFrame} are lost`);
  }
  for (const folder of unreadable)
    log.error(`${folder} cannot be read; it is left as it is, and its stream is not served`);
  for (const stranger of journal.strangers) log.warn(`${stranger} is no file of this journal; it is left as it is`);
  if (orphanedOperations > 0) {
    log.error(`${directory}: ${orphanedOperations} writes belong to streams of which nothing else is known`);
  }
}

function tellOfRoom(log: Log, directory: string, cause: Error | null): void {
  if (cause === null) log.info(`${directory} has room again`);
  else log.error(`${directory} has no room: messages are refused until there is some (${cause.message})`);
}

function tellOfTrouble(log: Log, directory: string, cause: Error | null): void {
  if (cause === null) log.info(`${directory} can be written again`);
  else log.error(`${directory} cannot be written: what was under way is not acknowledged (${cause.message})`);
}

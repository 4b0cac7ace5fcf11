/** Where streams are kept: by drivers that are there, and by one that is opened in the directory of the configuration. */
import { Buffer } from 'node:buffer';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatDuration, type Log, type PluginContext, pluginNeeded } from '../../kernel/plugin-api.ts';
import {
  STORAGE_DRIVER,
  STORAGE_OPENER,
  type StorageDriver,
  type StorageOpener,
} from '../../storage-drivers/contract.ts';
import type { JetStreamConfig } from './config.ts';
import { foreignStore } from './foreign-store.ts';
import { type ServerLimits, serverLimits } from './server-limits.ts';
import { API_LEVEL } from './wire/api-level.ts';

type Context = PluginContext<JetStreamConfig>;

export interface Storage {
  readonly drivers: ReadonlyMap<string, StorageDriver>;
  readonly limits: ServerLimits;
  /** Where files are; null where no driver was opened. */
  readonly directory: string | null;
  /** Closes what was opened here. */
  close(): Promise<void>;
}

export async function openStorage(ctx: Context): Promise<Storage> {
  const { clock } = ctx.kernel.ports;
  const { log } = ctx.kernel;
  const begun = clock.monotonic();
  log.info('Starting JetStream');
  const given = ctx.useAll<StorageDriver>(STORAGE_DRIVER).map(({ id, value }) => [id ?? value.name, value] as const);
  const drivers = new Map<string, StorageDriver>(given);
  const opener = drivers.has('file') ? undefined : ctx.useOptional<StorageOpener>(STORAGE_OPENER, 'file');
  const opened = opener === undefined ? null : await openFiles(ctx, opener);
  if (opened !== null) drivers.set('file', opened);
  if (drivers.size === 0) log.warn(pluginNeeded('Keeping streams', 'storage-file'));
  const directory = opened === null ? null : directoryOf(ctx.config);
  const limits = await serverLimits(ctx.config.options, ctx.kernel.ports.disk, directory);
  tellOfStorage(log, ctx.config, limits, opened !== null);
  log.info(`Took ${formatDuration(clock.monotonic() - begun)} to start JetStream`);
  return { drivers, limits, directory, close: async () => opened?.close() };
}

async function openFiles({ config, kernel }: Context, opener: StorageOpener): Promise<StorageDriver> {
  const { syncIntervalMs, key, previousKey, cipher, quarantineKeepMs } = config.options;
  if (config.storeDirectory === '') {
    kernel.log.warn('Temporary storage directory used, data could be lost on system reboot');
  }
  const foreign = await foreignStore(kernel.ports.disk, directoryOf(config));
  if (foreign !== null) throw new Error(`Can't start JetStream: ${foreign}`);
  try {
    return await opener.open({
      directory: directoryOf(config),
      syncIntervalMs,
      bytesMax: (await serverLimits(config.options, kernel.ports.disk, directoryOf(config))).maxStorage,
      key: keyOf(key),
      previousKey: keyOf(previousKey),
      cipher,
      quarantineKeepMs,
    });
  } catch (cause) {
    throw new Error(`Can't start JetStream: ${(cause as Error).message}`, { cause });
  }
}

function keyOf(text: string): Uint8Array | null {
  return text === '' ? null : Buffer.from(text);
}

export function directoryOf({ storeDirectory }: JetStreamConfig): string {
  return join(storeDirectory === '' ? join(tmpdir(), 'nats') : storeDirectory, 'jetstream');
}

const CIPHER_NAMES = { chacha: 'ChaCha20-Poly1305', aes: 'AES-GCM' } as const;

function tellOfStorage(log: Log, config: JetStreamConfig, limits: ServerLimits, isOnDisk: boolean): void {
  const { isStrict, domain, key, cipher, syncIntervalMs } = config.options;
  log.info('---------------- JETSTREAM ----------------');
  if (isStrict) log.info('  Strict:          true');
  log.info(`  Max Memory:      ${bytesText(limits.maxMemory)}`);
  log.info(`  Max Storage:     ${bytesText(limits.maxStorage)}`);
  if (isOnDisk) log.info(`  Store Directory: "${directoryOf(config)}"`);
  if (domain !== '') log.info(`  Domain:          ${domain}`);
  if (isOnDisk && key !== '') log.info(`  Encryption:      ${CIPHER_NAMES[cipher]}`);
  log.info(`  API Level:       ${API_LEVEL}`);
  log.info('-------------------------------------------');
  if (!isOnDisk || syncIntervalMs === 0) return;
  const window = formatDuration(syncIntervalMs);
  log.warn(`Files are synced every ${window}: a power cut may lose what was acknowledged in the last ${window}`);
}

const UNITS = 'KMGTPE';

/** As NATS servers write it: 94.21 GB, in steps of 1024. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const step = Math.min(UNITS.length, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** step).toFixed(2)} ${UNITS[step - 1]}B`;
}

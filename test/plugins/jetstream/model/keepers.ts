/** What streams are kept in while they are tried: every driver, and what its options change. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteDriver } from '../../../../examples/plugin-storage-sqlite/sqlite-driver.ts';
import { openDatabase } from '../../../../examples/plugin-storage-sqlite/sqlite-module.ts';
import { definePlugin, type PluginDefinition } from '../../../../kernel/plugin-api.ts';
import { systemDisk } from '../../../../kernel/ports/system-disk.ts';
import type { DriverPorts, StorageDriver } from '../../../../storage-drivers/contract.ts';
import { STORAGE_DRIVER } from '../../../../storage-drivers/contract.ts';
import type { FileDriverOptions } from '../../../../storage-drivers/file/driver-options.ts';
import { openFileDriver } from '../../../../storage-drivers/file/file-driver.ts';
import { LevelDriver } from '../../../../storage-drivers/level/level-driver.ts';
import { MemoryDriver } from '../../../../storage-drivers/memory/memory-driver.ts';
import { createFakePorts, type FakePorts } from '../../../kits/fake-ports.ts';
import { SMALL } from '../../../storage-drivers/file/driver-world.ts';

/** A place for streams, for as long as a world lasts. */
export interface Place {
  readonly ports: FakePorts;
  open(ports: DriverPorts): Promise<StorageDriver>;
  end(): void;
}

export interface Keeper {
  readonly name: string;
  /** Streams are there again after a restart. */
  readonly isLasting: boolean;
  place(seed: number): Place;
}

/** Where files cost little, if there is such a place. */
const QUICK = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Time and chance are a test's own, files are real. */
function onDisk(seed: number, open: (ports: DriverPorts, directory: string) => Promise<StorageDriver>): Place {
  const directory = mkdtempSync(join(QUICK, 'gnatlet-model-'));
  return {
    ports: { ...createFakePorts(seed), disk: systemDisk() } as unknown as FakePorts,
    open: (ports) => open(ports, directory),
    end: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function files(name: string, options: Partial<FileDriverOptions>): Keeper {
  return {
    name,
    isLasting: true,
    place: (seed) => onDisk(seed, (ports, directory) => openFileDriver(ports, { ...SMALL, ...options, directory })),
  };
}

const KEY = new TextEncoder().encode('secret');
/** Hardly anything stays in memory: what was written is cold soon. */
const COLD: Partial<FileDriverOptions> = {
  dirtyBytesPerStore: 1,
  dirtyBytesMax: 1,
  dirtyBytesAtClose: 1,
  cacheBytes: 16_384,
  loadBytes: 4096,
};

/** The driver of the examples, where the package is installed that it stands on. */
const SQLITE: readonly Keeper[] = (await isInstalled())
  ? [
      {
        name: 'SQLite',
        isLasting: true,
        place: (seed) =>
          onDisk(seed, (ports, directory) => SqliteDriver.open(ports, join(directory, 'streams.sqlite'))),
      },
    ]
  : [];

async function isInstalled(): Promise<boolean> {
  const opened = await openDatabase(':memory:').catch(() => null);
  opened?.close();
  return opened !== null;
}

export const KEEPERS: readonly Keeper[] = [
  {
    name: 'memory',
    isLasting: false,
    place: (seed) => ({
      ports: createFakePorts(seed),
      open: async (ports) => new MemoryDriver(ports),
      end: () => {},
    }),
  },
  files('files', {}),
  files('cold files', COLD),
  files('encrypted files', { ...COLD, key: KEY, compression: 's2' }),
  files('lazy files', { syncIntervalMs: 60_000 }),
  {
    name: 'level',
    isLasting: true,
    place: (seed) => onDisk(seed, (ports, directory) => LevelDriver.open(ports, { directory })),
  },
  ...SQLITE,
];

/** Provides what a place holds, for streams of either kind. */
export function keeperPlugin({ open }: Place): PluginDefinition {
  return definePlugin({
    name: 'model-storage',
    version: '1.0.0',
    api: [1],
    provides: ['file', 'memory'].map((id) => ({ name: STORAGE_DRIVER, cardinality: 'named' as const, id })),
    async init(ctx) {
      const driver = await open(ctx.kernel.ports);
      ctx.onDispose(() => driver.close());
      ctx.provide(STORAGE_DRIVER, driver, { id: 'file' });
      ctx.provide(STORAGE_DRIVER, new MemoryDriver(ctx.kernel.ports), { id: 'memory' });
    },
  }) as PluginDefinition;
}

/** `gnatlet store`: what streams on disk hold, whether they are whole, and what can be done where they are not. */
import { findAll, findingsJson, findingsText } from './check.ts';
import { dump } from './dump.ts';
import { importStore } from './import.ts';
import { LevelBroken } from './level-directory.ts';
import { findPlace, type OpenedDirectory, openView } from './open-store.ts';
import { discard, quarantine } from './quarantine.ts';
import { repair } from './repair.ts';
import { repairDatabase } from './repair-level.ts';
import { readKeys } from './store-keys.ts';
import { parseStoreRequest, STORE_USAGE, type StoreRequest } from './store-request.ts';

/** Something is damaged, or lost. */
const DAMAGED = 2;

type Write = (text: string) => Promise<void>;

/** Answers the exit code. */
export async function store(words: readonly string[], env: NodeJS.ProcessEnv, write: Write): Promise<number> {
  // Whoever reads may have seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const request = parseStoreRequest(words);
  if (request === 'help') {
    await write(STORE_USAGE);
    return 0;
  }
  return (await run(request, env, write)) ? 0 : DAMAGED;
}

async function run(request: StoreRequest, env: NodeJS.ProcessEnv, write: Write): Promise<boolean> {
  const keys = readKeys(request, env);
  if (request.action === 'import') return importStore(request, keys, write);
  const place = await findPlace(request.directory);
  if (request.action === 'quarantine' || request.action === 'discard') {
    if (request.action === 'discard') await discard(place, request, write);
    else await quarantine(place, request, keys, write);
    return true;
  }
  if (request.action === 'repair') {
    return place.isLevel ? repairDatabase(place, request, keys, write) : repair(place, request, keys, write);
  }
  let opened: OpenedDirectory;
  try {
    opened = await openView(place, request, keys);
  } catch (error) {
    if (!(error instanceof LevelBroken)) throw error;
    await write(`${place.directory}: ${error.message}\n`);
    return false;
  }
  try {
    if (request.action === 'dump') return await dump(opened, request, write);
    const findings = await findAll(opened, request);
    await write(request.isJson ? findingsJson(findings) : findingsText(findings));
    return findings.isWhole;
  } finally {
    await opened.close();
  }
}

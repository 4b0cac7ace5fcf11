/** What can be done for streams in a LevelDB database: LevelDB mends its own files, and losses can be accepted. */
import { cp } from 'node:fs/promises';
import { type Findings, findingsText } from './check.ts';
import { LevelBroken, openLevelFiles, repairLevel } from './level-directory.ts';
import type { Place } from './open-store.ts';
import { acceptLoss, asideFolder, look, type Say } from './repair.ts';
import type { StoreKeys } from './store-keys.ts';
import type { StoreRequest } from './store-request.ts';

const ADVICE =
  'Messages that are lost stay lost: there is nothing in a database to tell what was there, so --from takes nothing.\n' +
  '--accept-loss ends the alarm. A backup of the streams, or a copy of the whole folder, brings them back.\n';

/** Answers whether all is well now. */
export async function repairDatabase(place: Place, request: StoreRequest, keys: StoreKeys, say: Say): Promise<boolean> {
  const { directory } = place;
  const before = await lookedAt(place, request, keys);
  if (typeof before !== 'string' && before.isWhole) {
    await say(`${directory}: nothing is damaged, and nothing was done\n`);
    return true;
  }
  await say(textOf(before, directory));
  if (typeof before !== 'string' && !request.acceptsLoss) {
    await say(`\nnothing was done. ${ADVICE}`);
    return false;
  }
  const aside = await asideFolder(directory, request);
  await cp(directory, aside, { recursive: true });
  await say(`\na copy of all of it is in ${aside}\n`);
  if (typeof before === 'string') await repairLevel(directory);
  if (request.acceptsLoss) await accept(directory, request, say);
  const after = await lookedAt(place, request, keys);
  await say(`\n${textOf(after, directory)}`);
  if (typeof after !== 'string' && after.isWhole) return true;
  await say(ADVICE);
  return false;
}

/** What was found, or why nothing can be. */
async function lookedAt(place: Place, request: StoreRequest, keys: StoreKeys): Promise<Findings | string> {
  try {
    return await look(place, request, keys);
  } catch (error) {
    if (!(error instanceof LevelBroken)) throw error;
    return error.message;
  }
}

function textOf(found: Findings | string, directory: string): string {
  return typeof found === 'string' ? `${directory}: ${found}\n` : findingsText(found);
}

async function accept(directory: string, request: StoreRequest, say: Say): Promise<void> {
  const opened = await openLevelFiles(directory).catch((error: Error) => {
    if (error instanceof LevelBroken) return null;
    throw error;
  });
  if (opened === null) return;
  try {
    await acceptLoss({ directory, ...opened }, request, say);
  } finally {
    await opened.close();
  }
}

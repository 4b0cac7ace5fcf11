/** Whether a directory holds the files of a nats-server, which are taken over by a tool and must not be mixed with others. */
import { join } from 'node:path';
import type { Disk } from '../../kernel/plugin-api.ts';

const OWN = /^identity\.[12]$/;

/** What to do with it; null where it is none, or empty. */
export async function foreignStore(disk: Disk, directory: string): Promise<string | null> {
  const names = await listed(disk, directory);
  if (names.some((name) => OWN.test(name))) return null;
  const accounts: string[] = [];
  for (const name of names) if (await isAccount(disk, join(directory, name))) accounts.push(name);
  if (accounts.length === 0) return null;
  return (
    `${directory} holds the streams of a nats-server (${accounts.join(', ')}), whose files are not used here; nothing was touched. ` +
    'Once that nats-server is stopped, "gnatlet store import FROM --into DIR" takes over what it kept, where FROM is the store_dir it had ' +
    'and DIR one of its own, to start gnatlet with; what is encrypted goes by backups ("nats account backup FOLDER" there, "nats account ' +
    'restore FOLDER" here)'
  );
}

/** `<account>/streams/<stream>/meta.inf`, and what a cluster keeps of itself. */
async function isAccount(disk: Disk, directory: string): Promise<boolean> {
  const names = await listed(disk, directory);
  if (names.includes('_js_')) return true;
  if (!names.includes('streams')) return false;
  for (const stream of await listed(disk, join(directory, 'streams'))) {
    const files = await listed(disk, join(directory, 'streams', stream));
    if (files.includes('meta.inf') || files.includes('msgs')) return true;
  }
  return false;
}

function listed(disk: Disk, directory: string): Promise<string[]> {
  return disk.list(directory).catch((): string[] => []);
}

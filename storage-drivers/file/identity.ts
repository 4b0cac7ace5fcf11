/** Whose directory it is, and how often it was opened: kept twice. */
import { join } from 'node:path';
import type { DriverPorts } from '../contract.ts';
import { ByteReader, ByteWriter } from '../derived/byte-writer.ts';
import type { FileDriverOptions } from './driver-options.ts';
import { codeOf } from './file-calls.ts';
import { SealBroken, StoreKeys } from './frame-cipher.ts';
import { isCurrentBox, openBox, sealBox } from './sealed-box.ts';

const NAMES = ['identity.1', 'identity.2'];
/** Raised when older versions could not read what newer ones write. */
export const FORMAT = 1;
const UUID_BYTES = 16;
const NO_UUID = new Uint8Array(UUID_BYTES);
const PLACE = Buffer.from('identity');
const KEY_CHECK_PLACE = Buffer.from('key check');

export interface Identity {
  readonly uuid: Uint8Array;
  readonly incarnation: number;
  readonly keys: StoreKeys | null;
  /** Nothing is under an older key any more. */
  rotated(): Promise<void>;
}

interface Written {
  readonly format: number;
  readonly uuid: Uint8Array;
  readonly incarnation: number;
  readonly serverName: string;
  /** A box that only the right key opens; empty when nothing is encrypted. */
  readonly keyCheck: Uint8Array;
  /** The same for older keys that files may still be under. */
  readonly olderChecks: readonly Uint8Array[];
}

/** Reads who it is, or makes it up, and writes that it was opened once more. */
export async function openIdentity(ports: DriverPorts, options: FileDriverOptions): Promise<Identity> {
  const found = await readIdentity(ports, options);
  if (found !== null) checkFound(found, options);
  const uuid = found?.uuid ?? ports.random.bytes(UUID_BYTES);
  const keys = keysOf(options, uuid, ports);
  if (found !== null) checkKey(found, keys, options);
  const incarnation = (found?.incarnation ?? 0) + 1;
  const write = (older: readonly Uint8Array[]) => writeIdentity(ports, options, { uuid, incarnation, keys }, older);
  const older = found === null || keys === null ? [] : olderChecks(found, keys);
  await write(older);
  return { uuid, incarnation, keys, rotated: async () => (older.length === 0 ? undefined : write([])) };
}

async function readIdentity(ports: DriverPorts, options: FileDriverOptions): Promise<Written | null> {
  let newest: Written | null = null;
  let isThere = false;
  for (const name of NAMES) {
    const bytes = await ports.disk.readFile(join(options.directory, name)).catch((error) => {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    });
    if (bytes === null) continue;
    isThere = true;
    const content = openBox(bytes, PLACE, NO_UUID, null);
    const written = content === null ? null : decode(content);
    if (written !== null && (newest === null || written.incarnation > newest.incarnation)) newest = written;
  }
  if (newest === null && isThere) throw new Error(`${options.directory}: both copies of the identity are damaged`);
  return newest;
}

function checkFound(found: Written, { directory, serverName }: FileDriverOptions): void {
  if (found.format > FORMAT) {
    throw new Error(
      `${directory} was written in format ${found.format}; this version knows ${FORMAT}: use a newer one`,
    );
  }
  if (serverName === '' || found.serverName === '' || found.serverName === serverName) return;
  throw new Error(
    `${directory} belongs to the server '${found.serverName}', not '${serverName}': give this server a directory of its own`,
  );
}

function keysOf(
  { key, previousKey, cipher }: FileDriverOptions,
  uuid: Uint8Array,
  ports: DriverPorts,
): StoreKeys | null {
  if (key === null && previousKey === null) return null;
  return new StoreKeys({ key, previousKey, cipher }, uuid, (count) => ports.random.bytes(count));
}

function checkKey(found: Written, keys: StoreKeys | null, { directory }: FileDriverOptions): void {
  const opens = (check: Uint8Array) => keys !== null && openBox(check, KEY_CHECK_PLACE, found.uuid, keys) !== null;
  if (found.keyCheck.length === 0 || opens(found.keyCheck)) {
    if (found.olderChecks.every(opens)) return;
    throw new SealBroken(
      `${directory} still has files under the key before: nothing was touched; set 'prev_key' until all are written anew`,
    );
  }
  const what = keys === null ? 'no key is configured' : 'the configured key is another one';
  throw new SealBroken(
    `${directory} is encrypted, and ${what}: nothing was touched; set 'key', or 'prev_key' for the one before`,
  );
}

/** All that are not under the present key. */
function olderChecks({ keyCheck, olderChecks: older }: Written, keys: StoreKeys): Uint8Array[] {
  const known = keyCheck.length === 0 ? older : [...older, keyCheck];
  return known.filter((check) => !isCurrentBox(check, KEY_CHECK_PLACE, keys));
}

async function writeIdentity(
  ports: DriverPorts,
  { directory, serverName, key }: FileDriverOptions,
  { uuid, incarnation, keys }: Pick<Identity, 'uuid' | 'incarnation' | 'keys'>,
  older: readonly Uint8Array[],
): Promise<void> {
  const writer = new ByteWriter();
  writer.u32(FORMAT);
  writer.raw(uuid);
  writer.u64(incarnation);
  writer.text(serverName);
  writer.blob(key !== null ? sealBox(new Uint8Array(8), KEY_CHECK_PLACE, uuid, keys) : new Uint8Array(0));
  writer.u32(older.length);
  for (const check of older) writer.blob(check);
  const box = sealBox(writer.written, PLACE, NO_UUID, null);
  for (const name of NAMES) await ports.disk.writeFile(join(directory, name), box);
}

function decode(content: Uint8Array): Written {
  const reader = new ByteReader(content);
  const format = reader.u32();
  const [uuid, incarnation] = [reader.raw(UUID_BYTES), reader.u64()];
  const [serverName, keyCheck] = [reader.text(), reader.blob()];
  const older = reader.isAtEnd ? 0 : reader.u32();
  return {
    format,
    uuid,
    incarnation,
    serverName,
    keyCheck,
    olderChecks: Array.from({ length: older }, () => reader.blob()),
  };
}

/** One file for each token, named after the account. A crash leaves the old token or the new one, and nothing in between. */
import { Buffer } from 'node:buffer';
import type { Disk } from '../../kernel/plugin-api.ts';
import { isAccountKey } from '../../protocols/jwt/resolver/account-key.ts';

const ENDING = '.jwt';
/** Of names that may be keys: whether they are is computed one by one, for there may be very many. */
const LIKELY = /^A[A-Z2-7]{55}\.jwt$/;
/** What the disk port leaves behind when the process dies while it replaces a file of ours. */
const ABANDONED = /^(A[A-Z2-7]{55})\.jwt\.[0-9-]+\.tmp$/;

export type FileAccess = Pick<
  Disk,
  'list' | 'makeDirectory' | 'readFile' | 'readFileSync' | 'remove' | 'rename' | 'syncDirectory' | 'writeFile'
>;

export class TokenFiles {
  readonly folder: string;
  readonly #disk: FileAccess;

  constructor(folder: string, disk: FileAccess) {
    this.folder = folder;
    this.#disk = disk;
  }

  /** Makes the folder where there is none, clears away what a crash left, and answers whose tokens there may be. */
  async open(): Promise<string[]> {
    try {
      await this.#disk.makeDirectory(this.folder);
      const names = await this.#disk.list(this.folder);
      await this.#clear(names.filter((name) => isAccountKey(ABANDONED.exec(name)?.[1] ?? '')));
      return names.filter((name) => LIKELY.test(name)).map((name) => name.slice(0, -ENDING.length));
    } catch (error) {
      const reason = `the resolver cannot use its directory "${this.folder}": ${(error as Error).message}`;
      throw new Error(`${reason}; give a "dir" that this process may read and write`, { cause: error });
    }
  }

  /** Null where there is none. */
  async read(accountKey: string): Promise<string | null> {
    try {
      return text(await this.#disk.readFile(this.#path(accountKey)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** For the many reads of the start, which are ten times faster this way. */
  readNow(accountKey: string): string {
    return text(this.#disk.readFileSync(this.#path(accountKey)));
  }

  write(accountKey: string, token: string): Promise<void> {
    return this.#disk.writeFile(this.#path(accountKey), token);
  }

  async remove(accountKey: string): Promise<void> {
    await this.#disk.remove(this.#path(accountKey));
    await this.#disk.syncDirectory(this.folder);
  }

  /** Takes it out of use but keeps it for people to look at. */
  async setAside(accountKey: string): Promise<void> {
    const path = this.#path(accountKey);
    try {
      await this.#disk.rename(path, `${path}.deleted`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await this.#disk.syncDirectory(this.folder);
  }

  async #clear(names: readonly string[]): Promise<void> {
    for (const name of names) await this.#disk.remove(`${this.folder}/${name}`);
  }

  /** Nothing but the key of an account ever becomes part of a path. */
  #path(accountKey: string): string {
    if (!isAccountKey(accountKey)) throw new Error('invalid public key');
    return `${this.folder}/${accountKey}${ENDING}`;
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

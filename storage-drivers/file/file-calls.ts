/** The calls of an open file as promises, for everything that is not done all day. */
import type { OpenFile } from '../../kernel/plugin-api.ts';

export function writeAt(file: OpenFile, pieces: readonly Uint8Array[], position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    file.write(pieces, position, (error) => (error === null ? resolve() : reject(error)));
  });
}

export function datasync(file: OpenFile): Promise<void> {
  return new Promise((resolve, reject) => {
    file.datasync((error) => (error === null ? resolve() : reject(error)));
  });
}

/** How many bytes there were. */
export function readAt(file: OpenFile, buffer: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    file.read(buffer, position, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

/** The code of a system's error; empty for anything else. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

export function isOutOfSpace(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM'].includes(codeOf(error));
}

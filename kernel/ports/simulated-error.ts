const REASONS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EEXIST: 'file already exists',
  ENOTEMPTY: 'directory not empty',
  EBUSY: 'resource busy or locked',
  EIO: 'i/o error',
  ENOSPC: 'no space left on device',
};

export function systemError(code: string, operation: string, path: string): Error {
  const message = `${code}: ${REASONS[code] ?? 'the operation failed'}, ${operation} '${path}'`;
  return Object.assign(new Error(message), { code, path, syscall: operation });
}

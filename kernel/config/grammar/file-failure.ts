/** Why a file could not be read, in the words an operator of a NATS server knows. */

const REASONS: Record<string, readonly [operation: string, reason: string]> = {
  ENOENT: ['open', 'no such file or directory'],
  ENOTDIR: ['open', 'not a directory'],
  EACCES: ['open', 'permission denied'],
  EPERM: ['open', 'operation not permitted'],
  EISDIR: ['read', 'is a directory'],
};

export function fileFailure(path: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  const known = REASONS[code];
  if (known !== undefined) return `${known[0]} ${path}: ${known[1]}`;
  return `open ${path}: ${error instanceof Error ? error.message : String(error)}`;
}

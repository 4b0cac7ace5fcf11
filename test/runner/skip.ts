/**
 * How a test file says that it left something out, and why: the runner counts and shows these lines.
 * A file that runs no test fails unless it said so here.
 */
export const SKIP_MARK = '# skip: ';

export function skip(reason: string): void {
  process.stdout.write(`\n${SKIP_MARK}${reason.replaceAll('\n', ' ')}\n`);
}

/** Of a file that can run none of its tests here: it ends with this. */
export function skipFile(reason: string): never {
  skip(reason);
  process.exit(0);
}

/** Waits for what happens outside of this thread's turns: on Node's thread pool, in other threads, over sockets. */
const PATIENCE_MS = 10_000;

export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('what was waited for did not come');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** How long a test waits before it is told what did not happen. */
export const PATIENCE_MS = 2000;

/** Rejects with what `explain` says unless `promise` is settled in time. */
export async function within<T>(promise: Promise<T>, milliseconds: number, explain: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${explain()} within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

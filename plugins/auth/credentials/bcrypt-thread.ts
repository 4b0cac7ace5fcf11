/** The other thread: compares one password after the other, and does nothing else. */
import { parentPort } from 'node:worker_threads';
import { compareSync } from 'bcryptjs';
import type { Answer, Question } from './bcrypt-worker.ts';

parentPort?.on('message', ({ id, stored, given }: Question) => {
  parentPort?.postMessage({ id, isRight: isRight(stored, given) } satisfies Answer);
});

function isRight(stored: string, given: string): boolean {
  try {
    // The letter tells which library made the hash; the computation is the same.
    return compareSync(given, stored.replace(/^\$2[axy]\$/, '$2b$'));
  } catch {
    // What looks like a hash and is none fits no password.
    return false;
  }
}

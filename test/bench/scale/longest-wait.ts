import type { Address } from './many-links.ts';
import { type Login, logIn } from './storm-clients.ts';

/** Often enough to see a pause, and rarely enough to leave the server alone. */
const REST_MS = 1;

/** How long a client that asks again and again waits for an answer at most, in milliseconds, while something happens. */
export async function longestWait(address: Address, login: Login, something: () => Promise<void>): Promise<number> {
  const socket = await logIn(address, login);
  let askedAt = 0;
  let longest = 0;
  const ask = (): void => {
    askedAt = performance.now();
    if (!socket.destroyed) socket.write('PING\r\n');
  };
  socket.on('data', () => {
    longest = Math.max(longest, performance.now() - askedAt);
    setTimeout(ask, REST_MS);
  });
  ask();
  await something();
  longest = Math.max(longest, performance.now() - askedAt);
  socket.destroy();
  return longest;
}

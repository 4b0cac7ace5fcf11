/**
 * Loaded into a broker before it starts: from one SIGUSR2 to the next it watches how much processor time each turn of the loop
 * takes, and says what the longest took. What else the machine does in the meantime does not count.
 */
import { writeSync } from 'node:fs';

const STANDARD_ERROR = 2;
let isWatching = false;
let longest = 0;
let before = 0;

function spent(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function look(): void {
  const now = spent();
  longest = Math.max(longest, now - before);
  before = now;
  if (isWatching) setImmediate(look);
}

process.on('SIGUSR2', () => {
  isWatching = !isWatching;
  if (isWatching) {
    longest = 0;
    before = spent();
    setImmediate(look);
  } else look();
  writeSync(STANDARD_ERROR, isWatching ? 'turns are watched\n' : `the longest turn took ${longest} us\n`);
});

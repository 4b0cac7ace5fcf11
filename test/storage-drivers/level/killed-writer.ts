/** Appends records until it is killed, and says how many are durable. Its argument is the directory. */
import { bytesOf, sample } from '../../../storage-drivers/conformance/sample-message.ts';
import { LevelDriver } from '../../../storage-drivers/level/level-driver.ts';
import { createFakePorts, settle } from '../../kits/fake-ports.ts';

const driver = await LevelDriver.open(createFakePorts(), { directory: process.argv[2]! });
const { store } = await driver.open('s');
store.onDurable({
  durable: (ticket) => void process.stdout.write(`${ticket}\n`),
  failed: (error) => {
    throw error;
  },
});
for (let seq = 1; ; seq++) {
  const given = sample({ salt: seq });
  store.append(seq, given.seconds, given.nanos, 0, bytesOf(given));
  if (seq % 50 === 0) await settle();
}

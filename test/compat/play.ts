/** Behaviours, to be played with official clients against some broker. */
import { suite, type Test } from 'uvu';
import type { OfficialClient, Reachable } from './clients.ts';
import { type Behaviour, Stage } from './stage.ts';

export interface PlayedBroker extends Reachable {
  stop(): Promise<void>;
}

export type StartBroker = (config: Readonly<Record<string, unknown>>) => Promise<PlayedBroker>;

/** One suite for each client. */
export function suitesFor(
  behaviours: readonly Behaviour[],
  clients: readonly OfficialClient[],
  brokerName: string,
  start: StartBroker,
): Test[] {
  return clients.map((client) => {
    const test: Test = suite(`${client.name} with ${brokerName}`);
    for (const behaviour of behaviours) {
      if (behaviour.isRemoteOnly === true && !client.isRemote) continue;
      test(`${client.name}: ${behaviour.name}`, () => playOne(behaviour, client, start));
    }
    return test;
  });
}

async function playOne(behaviour: Behaviour, client: OfficialClient, start: StartBroker): Promise<void> {
  const broker = await start(behaviour.config ?? {});
  const stage = new Stage(client, broker);
  try {
    await behaviour.run(stage);
  } finally {
    await stage.clear();
    await broker.stop();
  }
}

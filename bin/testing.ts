/** A broker for your tests, under any test runner: `await using broker = await testBroker()`. */
import type { ServerConfig, ServerExtras } from './embedding/server-config.ts';
import { TestBroker } from './embedding/test-broker.ts';

export type { Mailbox, TestMessage } from './embedding/mailbox.ts';
export type { ServerConfig, ServerExtras } from './embedding/server-config.ts';
export { TestBroker } from './embedding/test-broker.ts';

/** A broker on a free port of this machine that says nothing. `config` takes whatever `createServer` takes. */
export async function testBroker(config: ServerConfig = {}, extras: ServerExtras = {}): Promise<TestBroker> {
  const broker = new TestBroker(config, extras);
  await broker.start();
  return broker;
}

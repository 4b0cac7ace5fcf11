import { ConfigurationError, createServer, type ServerConfig } from '../../bin/index.ts';
import type { PlayedBroker } from './play.ts';

export async function startEmbedded(config: Readonly<Record<string, unknown>>): Promise<PlayedBroker> {
  const embedded = createServer({ host: '127.0.0.1', port: -1, ...config } as ServerConfig);
  await embedded.start();
  return { url: embedded.url!, embedded, stop: () => embedded.close() };
}

/** Whether the plugins that own these keys are in this build. */
export async function understands(config: Readonly<Record<string, unknown>>): Promise<boolean> {
  try {
    await (await startEmbedded(config)).stop();
    return true;
  } catch (error) {
    if (error instanceof ConfigurationError && error.message.includes('not in this build')) return false;
    throw error;
  }
}

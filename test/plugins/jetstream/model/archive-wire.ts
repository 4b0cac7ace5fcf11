/** Has a stream sent away, and taken back in, as tools do. */
import type { StreamWorld } from './stream-world.ts';

export interface Backup {
  readonly config: object;
  readonly state: object;
  readonly chunks: readonly string[];
}

const SID = '2';

export async function backedUp(world: StreamWorld, stream: string): Promise<Backup> {
  world.client.say(`SUB backup.${stream} ${SID}\r\n`);
  const request = { deliver_subject: `backup.${stream}`, chunk_size: 1024 };
  const { config, state } = await world.api<Backup>(`STREAM.SNAPSHOT.${stream}`, request);
  const chunks: string[] = [];
  for (;;) {
    const { body, reply } = await world.taken(({ sid }) => sid === SID, 'a piece of the backup');
    if (reply !== '') world.client.publish(reply, '', '');
    if (body === '') break;
    chunks.push(body);
  }
  world.client.say(`UNSUB ${SID}\r\n`);
  return { config, state, chunks };
}

/** What is answered to the end. */
export async function restored(world: StreamWorld, stream: string, { config, state, chunks }: Backup): Promise<string> {
  const begun = await world.api<{ deliver_subject?: string }>(`STREAM.RESTORE.${stream}`, { config, state });
  const { deliver_subject: subject } = begun;
  if (subject === undefined) return JSON.stringify(begun);
  for (const chunk of chunks) {
    const { body } = await world.ask(subject, chunk);
    if (body !== '') return body;
  }
  return (await world.ask(subject)).body;
}

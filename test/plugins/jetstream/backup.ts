/** Has a stream sent away, and taken back in, as tools do. */
import type { NatsConnection } from '@nats-io/transport-node';

export interface Backup {
  readonly config: object;
  readonly state: object;
  readonly chunks: readonly Uint8Array[];
  /** What the last message says. */
  readonly status: string;
}

export async function backUp(client: NatsConnection, stream: string, chunkSize = 1024): Promise<Backup> {
  const subject = `backups.${stream}`;
  const chunks: Uint8Array[] = [];
  let status = '';
  const whole = new Promise<void>((resolve) => {
    client.subscribe(subject, {
      callback: (_error, message) => {
        if (message.data.length > 0) chunks.push(message.data.slice());
        else {
          status = message.headers === undefined ? '' : `${message.headers.code} ${message.headers.description}`.trim();
          resolve();
        }
        message.respond();
      },
    });
  });
  const request = JSON.stringify({ deliver_subject: subject, chunk_size: chunkSize });
  const answer = await client.request(`$JS.API.STREAM.SNAPSHOT.${stream}`, request);
  const { config, state } = JSON.parse(answer.string()) as Backup;
  await whole;
  return { config, state, chunks, status };
}

/** A piece may hold much. */
const PATIENCE = { timeout: 30_000 };

/** What is answered to the end. */
export async function restore(client: NatsConnection, stream: string, backup: Backup): Promise<string> {
  const { config, state } = backup;
  const begun = await client.request(`$JS.API.STREAM.RESTORE.${stream}`, JSON.stringify({ config, state }));
  const { deliver_subject: subject } = JSON.parse(begun.string()) as { deliver_subject: string };
  if (subject === undefined || subject === '') return begun.string();
  for (const chunk of backup.chunks) {
    const answer = (await client.request(subject, chunk, PATIENCE)).string();
    if (answer !== '') return answer;
  }
  return (await client.request(subject, '', PATIENCE)).string();
}

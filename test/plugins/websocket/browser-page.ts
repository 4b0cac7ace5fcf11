/** What the page in the browser does; it reports to the server it came from. Bundled by the test. */
import { wsconnect } from '@nats-io/nats-core';

interface Page {
  readonly location: { readonly search: string };
  WebSocket: new (
    url: string,
  ) => {
    onopen: (() => void) | null;
    onclose: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null;
    send(text: string): void;
  };
}

const page = globalThis as unknown as Page;
const url = new URLSearchParams(page.location.search).get('broker')!;

async function talk(): Promise<object> {
  const connection = await wsconnect({ servers: url, name: 'page' });
  connection.subscribe('echo', { callback: (_error, message) => void message.respond(message.data) });
  const large = new Uint8Array(900_000).map((_, index) => index * 7);
  const answer = await connection.request('echo', large, { timeout: 10_000 });
  const isSame = answer.data.length === large.length && answer.data.every((byte, index) => byte === large[index]);
  let count = 0;
  connection.subscribe('many', { callback: () => void count++ });
  for (let number = 0; number < 5000; number++) connection.publish('many', `message ${number}`);
  await connection.flush();
  await connection.flush();
  await connection.close();
  return { isSame, count, goodbye: await goodbye() };
}

/** How a page learns why it is sent away. */
function goodbye(): Promise<object> {
  return new Promise((resolve) => {
    const socket = new page.WebSocket(url);
    socket.onopen = () => socket.send('CONNECT {"verbose":false}\r\nNONSENSE\r\n');
    socket.onclose = ({ code, reason, wasClean }) => resolve({ code, reason, wasClean });
  });
}

const report = await talk().catch((error: unknown) => ({ error: String(error) }));
await fetch('/report', { method: 'POST', body: JSON.stringify(report) });

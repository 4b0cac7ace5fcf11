import { connect, type Socket } from 'node:net';
import type { Address } from './many-links.ts';

/** Who logs in: its members of CONNECT, for a nonce. */
export type Login = (nonce: string) => object;

/** All of them at once, from the connection to the answer of a first PING. Answers milliseconds. */
export async function logInTogether(address: Address, logins: readonly Login[]): Promise<number> {
  const startedAt = performance.now();
  const sockets = await Promise.all(logins.map((login) => logIn(address, login)));
  const milliseconds = performance.now() - startedAt;
  for (const socket of sockets) socket.destroy();
  return milliseconds;
}

/** Resolves once a first PING is answered. */
export function logIn({ host, port }: Address, login: Login): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let text = '';
    let isGreeted = false;
    const socket = connect({ host, port, noDelay: true });
    socket.setEncoding('latin1').on('data', (more: string) => {
      text += more;
      if (!isGreeted && text.includes('\r\n')) {
        isGreeted = true;
        const { nonce = '' } = JSON.parse(text.slice('INFO '.length, text.indexOf('\r\n')));
        const said = { verbose: false, pedantic: false, protocol: 1, lang: 'bench', version: '1', ...login(nonce) };
        socket.write(`CONNECT ${JSON.stringify(said)}\r\nPING\r\n`);
      }
      if (text.includes('PONG\r\n')) resolve(socket);
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`a client was sent away: ${text.slice(-100).trim()}`)));
  });
}

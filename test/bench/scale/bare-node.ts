import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const PROGRAM = `require('node:net').createServer().listen(0, '127.0.0.1', () => process.stdout.write('listening'))`;

/** Node with one listening socket, and nothing else: what every Node broker costs at least. */
export async function startBareNode(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return child;
}

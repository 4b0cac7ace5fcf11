import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadResult, Order } from './generator/load.ts';

const GENERATOR_PATH = fileURLToPath(new URL('./generator/main.js', import.meta.url));

/** Runs a load in a process of its own, so that server and load have a core each. */
export async function runGenerator(order: Order): Promise<LoadResult> {
  const child = spawn(process.execPath, [GENERATOR_PATH, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the load failed: ${complaint.trim()}`);
  return JSON.parse(output);
}

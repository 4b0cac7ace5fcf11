/** Whether what answers is a port for leafs at all. */
import type { Said } from '../../../protocols/link/said.ts';

export const SILENT = 'the other side did not say who it is';
export const WRONG_PORT = 'attempted to connect to wrong port';

/** Servers of other kinds, and clients' ports, do not say these. */
export function isWrongPort(said: Said): boolean {
  if (said.number('client_id') === 0) return true;
  return said.list('leafnode_urls') === null && !said.flag('info_on_connect');
}

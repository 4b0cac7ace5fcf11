/** What the server at the other end says of itself. */
import { subjectFromText } from '../../kernel/plugin-api.ts';
import type { Said } from '../../protocols/link/said.ts';

export interface Peer {
  readonly id: string;
  readonly name: string;
  /** Empty for none. As bytes, one character each, the way messages name it. */
  readonly cluster: string;
  readonly version: string;
  readonly protocol: number;
  readonly takesHeaders: boolean;
  readonly domain: string;
  /** The account at the other end; empty where it is not told. */
  readonly account: string;
  /** It goes by what it may want from the moment it is told, and asks anew. A nats-server does that with a new connection only. */
  readonly asksAnew: boolean;
}

export const NOBODY: Peer = Object.freeze({
  id: '',
  name: '',
  cluster: '',
  version: '',
  protocol: 0,
  takesHeaders: false,
  domain: '',
  account: '',
  asksAnew: false,
});

/** From the INFO of a hub. */
export function peerFromInfo(said: Said): Peer {
  return {
    id: said.text('server_id'),
    name: said.text('server_name'),
    cluster: subjectFromText(said.text('cluster')),
    version: said.text('version'),
    protocol: said.number('proto'),
    takesHeaders: said.flag('headers'),
    domain: said.text('domain'),
    account: said.text('remote_account'),
    asksAnew: false,
  };
}

/** From the CONNECT of a leaf. */
export function peerFromConnect(said: Said): Peer {
  return {
    id: said.text('server_id'),
    name: said.text('name'),
    cluster: subjectFromText(said.text('cluster')),
    version: said.text('version'),
    protocol: said.number('protocol'),
    takesHeaders: said.flag('headers'),
    domain: said.text('domain'),
    account: said.text('remote_account'),
    asksAnew: said.flag('asks_anew'),
  };
}

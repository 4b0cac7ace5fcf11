/** The block `resolver_tls`: which authorities to trust, and what certificate to show. */
import { Buffer } from 'node:buffer';
import { type ConfigNode, type Disk, Problems, pluginNeeded, renderProblems } from '../../kernel/plugin-api.ts';
import type { TlsContexts, TlsOptions } from '../tls/contract.ts';

/** As Node's agents want it. */
export interface ClientTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly rejectUnauthorized?: boolean;
  readonly ciphers?: string;
  readonly minVersion?: TlsOptions['versionMin'];
}

export function clientTls(
  block: ConfigNode,
  contexts: TlsContexts | undefined,
  disk: Pick<Disk, 'readFileSync'>,
): ClientTls {
  if (contexts === undefined) throw new Error(pluginNeeded('resolver_tls', 'tls'));
  const problems = new Problems();
  const options = contexts.readBlock(block, 'client', problems);
  if (problems.hasErrors) throw new Error(renderProblems(problems.list));
  // Says what is wrong with the files before anybody connects.
  contexts.load(options);
  return agentOptions(options, disk);
}

function agentOptions(options: TlsOptions, disk: Pick<Disk, 'readFileSync'>): ClientTls {
  const [pair] = options.certificates;
  const read = (path: string): Buffer => Buffer.from(disk.readFileSync(path));
  const shown = pair && { cert: read(pair.certificateFile), key: read(pair.keyFile) };
  return {
    ...shown,
    ...(options.authorityFile !== '' && { ca: read(options.authorityFile) }),
    rejectUnauthorized: !options.isInsecure,
    ciphers: options.ciphers,
    minVersion: options.versionMin,
  };
}

/** Whether this server is among those a request is meant for. */
import type { Surroundings } from '../surroundings.ts';
import type { Options } from './decode.ts';

export function isMeant(options: Options, { broker, stamp }: Surroundings): boolean {
  const { server_name = '', cluster = '', host = '', tags = [], domain = '' } = options as Filters;
  const isExact = options.exact_match === true;
  // There is no cluster and no domain: whoever names one means somebody else.
  return (
    matches(broker.name, server_name, isExact) &&
    matches(broker.advertised.host, host, isExact) &&
    cluster === '' &&
    domain === '' &&
    tags.every((tag) => stamp.tags.includes(tag.toLowerCase()))
  );
}

interface Filters {
  readonly server_name?: string;
  readonly cluster?: string;
  readonly host?: string;
  readonly tags?: readonly string[];
  readonly domain?: string;
}

function matches(own: string, wanted: string, isExact: boolean): boolean {
  return wanted === '' || (isExact ? own === wanted : own.includes(wanted));
}

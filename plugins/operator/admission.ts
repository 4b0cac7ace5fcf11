/** Where a user may come from, and when: read once, asked at each login. */
import { DailyWindows, isInside, parseSubnet, type Subnet } from '../../kernel/plugin-api.ts';
import type { UserGrants } from '../../protocols/jwt/permission-claims.ts';

export interface Admission {
  /** Null: from anywhere. */
  readonly networks: readonly Subnet[] | null;
  /** Null: at any time. */
  readonly windows: DailyWindows | null;
}

type AdmissionClaims = Pick<UserGrants, 'sources' | 'times' | 'timeZone'>;

/** Or why it cannot be read. */
export function admissionOf({ sources, times, timeZone }: AdmissionClaims): Admission | { readonly failure: string } {
  const networks: Subnet[] = [];
  for (const source of sources) {
    const network = parseSubnet(source);
    if (network === null) return { failure: `invalid cidr ${JSON.stringify(source)} in user src limits` };
    networks.push(network);
  }
  const windows = times.length === 0 ? null : DailyWindows.from(times, timeZone);
  if (windows !== null && 'failure' in windows) return windows;
  return { networks: sources.length === 0 ? null : networks, windows };
}

export function admissionProblem({ networks, windows }: Admission, ip: string, now: number): string | null {
  if (networks !== null && !isInside(ip, networks)) return `Bad src Ip ${ip}`;
  return windows !== null && windows.endAfter(now) === null ? 'Outside connect times' : null;
}

/** When whoever is let in now has to leave; null: never. */
export function admissionEnd({ windows }: Admission, now: number): number | null {
  return windows?.endAfter(now) ?? null;
}

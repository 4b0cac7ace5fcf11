/** Where a user may come from, and when. */
import type { UserGrants } from '../../protocols/jwt/permission-claims.ts';

type Admission = Pick<UserGrants, 'sources' | 'times' | 'timeZone'>;

/** Why nobody with these claims can be let in; null when they can be read. */
export function unreadableAdmission({ sources, times }: Admission): string | null {
  return sources.length > 0 || times.length > 0 ? 'networks and times are not understood' : null;
}

export function admissionProblem(admission: Admission, _ip: string, _now: number): string | null {
  return unreadableAdmission(admission);
}

export function admissionEnd(_admission: Admission, _now: number): number | null {
  return null;
}

/** Keeps those in a service's account from asking it in the name of the server. */
import { PermissionSet, type Permissions, UNRESTRICTED } from '../../../kernel/plugin-api.ts';

export const REQUEST_SUBJECT = '$SYS.REQ.USER.AUTH';

const BARRED = new PermissionSet({
  publish: { allow: null, deny: [REQUEST_SUBJECT] },
  subscribe: UNRESTRICTED,
  responses: null,
});
/** Users share their permissions, so the barred ones are shared too. */
const barred = new WeakMap<Permissions, Permissions>([[BARRED, BARRED]]);

export function withoutRequests(permissions: Permissions | null): Permissions {
  if (permissions === null) return BARRED;
  const known = barred.get(permissions) ?? bar(permissions);
  barred.set(permissions, known);
  // Barred once is enough.
  barred.set(known, known);
  return known;
}

function bar(permissions: Permissions): Permissions {
  if (!('rules' in permissions)) return new Barred(permissions);
  const { rules } = permissions as PermissionSet;
  const { publish } = rules;
  return new PermissionSet({ ...rules, publish: { ...publish, deny: [...publish.deny, REQUEST_SUBJECT] } });
}

/** Around permissions of somebody else's making. */
class Barred implements Permissions {
  readonly replies: Permissions['replies'];
  private readonly inner: Permissions;

  constructor(inner: Permissions) {
    this.inner = inner;
    this.replies = inner.replies;
  }

  mayPublish(bytes: Buffer, start: number, end: number): boolean {
    return !BARRED.mayPublish(bytes, start, end) ? false : this.inner.mayPublish(bytes, start, end);
  }

  maySubscribe(subject: string, queue: string): boolean {
    return this.inner.maySubscribe(subject, queue);
  }

  deliveryFilter(subject: string, queue: string): ReturnType<Permissions['deliveryFilter']> {
    return this.inner.deliveryFilter(subject, queue);
  }
}

/** Tells whoever listens of every request, and how it was answered. */
import { apiAudit } from '../../../protocols/jetstream/advisories.ts';
import type { ApiCall } from './api-call.ts';
import { callerOf } from './api-caller.ts';

const SUBJECT = '$JS.EVENT.ADVISORY.API';

/** What is read all the time is neither told of nor counted. */
export function isAudited({ address: { endpoint } }: ApiCall, isRefused: boolean): boolean {
  if (endpoint === 'STREAM.MSG.GET') return isRefused;
  return endpoint !== 'CONSUMER.RESET';
}

export function audit(call: ApiCall, response: string): void {
  const { of, subject, body } = call;
  of.of.advise(
    of.account,
    (head) => {
      const place = { server: of.of.broker.name, client: callerOf(call), subject };
      return apiAudit(head, place, body.toString(), response);
    },
    SUBJECT,
  );
}

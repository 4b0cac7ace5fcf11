/** The subjects of the system account on which servers and tools speak of accounts' tokens. */

export const ACCOUNT_UPDATE = '$SYS.REQ.ACCOUNT.*.CLAIMS.UPDATE';
/** What tools before version 2 of the tokens use. */
export const OLD_ACCOUNT_UPDATE = '$SYS.ACCOUNT.*.CLAIMS.UPDATE';
export const CLAIMS_UPDATE = '$SYS.REQ.CLAIMS.UPDATE';
export const CLAIMS_LIST = '$SYS.REQ.CLAIMS.LIST';
export const CLAIMS_DELETE = '$SYS.REQ.CLAIMS.DELETE';
export const CLAIMS_PACK = '$SYS.REQ.CLAIMS.PACK';
export const ACCOUNT_LOOKUP = '$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP';

/** One server answers a request for everything, not all. */
export const PACK_QUEUE = 'responder';

export function lookupSubject(accountKey: string): string {
  return `$SYS.REQ.ACCOUNT.${accountKey}.CLAIMS.LOOKUP`;
}

/** The account a subject names; empty where it names none. */
export function accountOf(subject: string): string {
  const named = /^\$SYS\.(?:REQ\.)?ACCOUNT\.([^.]+)\.CLAIMS\./.exec(subject);
  return named === null ? '' : named[1]!;
}

/** Accounts as /accstatz tells of them. */
import { numberOf, type Row, rowOf } from '../answers.ts';

/** What is counted of each account, by direction and name. */
export function accountCounters(rows: readonly Row[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const [received, sent] = [rowOf(row.received), rowOf(row.sent)];
    const name = String(row.acc);
    counts.set(`in ${name}`, numberOf(received.msgs));
    counts.set(`out ${name}`, numberOf(sent.msgs));
    counts.set(`inBytes ${name}`, numberOf(received.bytes));
    counts.set(`outBytes ${name}`, numberOf(sent.bytes));
  }
  return counts;
}

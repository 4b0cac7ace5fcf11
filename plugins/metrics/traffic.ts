/** Messages and bytes in both directions. */
export interface Traffic {
  inMessages: number;
  outMessages: number;
  inBytes: number;
  outBytes: number;
}

export function noTraffic(): Traffic {
  return { inMessages: 0, outMessages: 0, inBytes: 0, outBytes: 0 };
}

export function addTraffic(sum: Traffic, part: Readonly<Traffic>, sign: 1 | -1 = 1): void {
  sum.inMessages += sign * part.inMessages;
  sum.outMessages += sign * part.outMessages;
  sum.inBytes += sign * part.inBytes;
  sum.outBytes += sign * part.outBytes;
}

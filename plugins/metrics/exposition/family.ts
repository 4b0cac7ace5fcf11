/** What is exposed, before it is text. */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly value: number;
  readonly labels?: Labels;
  /** What a summary adds to its name for its totals. */
  readonly suffix?: '_sum' | '_count';
}

/** All samples of one name. They may be made while they are printed, so that many do not hold the loop. */
export interface Family {
  /** Of a counter without the `_total` that its samples have. */
  readonly name: string;
  /** unknown: a number of somebody else's, who does not say whether it may fall. */
  readonly type: 'counter' | 'gauge' | 'summary' | 'unknown';
  readonly help: string;
  readonly samples: Iterable<Sample>;
}

export function counter(name: string, help: string, samples: number | Iterable<Sample>): Family {
  return { name, help, type: 'counter', samples: listOf(samples) };
}

export function gauge(name: string, help: string, samples: number | Iterable<Sample>): Family {
  return { name, help, type: 'gauge', samples: listOf(samples) };
}

/** A sample for each entry, told apart by one label. */
export function samplesBy(label: string, values: Iterable<readonly [string, number]>): Sample[] {
  return Array.from(values, ([key, value]) => ({ value, labels: { [label]: key } }));
}

function listOf(samples: number | Iterable<Sample>): Iterable<Sample> {
  return typeof samples === 'number' ? [{ value: samples }] : samples;
}

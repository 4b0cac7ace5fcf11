import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Pace } from '../../../kernel/ports/pace.ts';
import { type Dialect, dialectFor, OPEN_METRICS, PROMETHEUS } from '../../../plugins/metrics/exposition/dialect.ts';
import { counter, type Family, gauge } from '../../../plugins/metrics/exposition/family.ts';
import { printed } from '../../../plugins/metrics/exposition/print.ts';
import { FakeClock } from '../../kits/fake-ports.ts';
import { type Format, parseExposition } from './exposition-parser.ts';

async function print(families: Iterable<Family>, dialect: Dialect = PROMETHEUS, common = {}): Promise<string> {
  let text = '';
  for await (const piece of printed(families, dialect, common, new Pace(new FakeClock()))) text += piece;
  return text;
}

const OPEN = 'application/openmetrics-text';
const PROMETHEUS_2 = `${OPEN};version=1.0.0;q=0.5,${OPEN};version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`;

const ACCEPTED: [accept: string, dialect: Dialect][] = [
  ['', PROMETHEUS],
  ['*/*', PROMETHEUS],
  ['text/html', PROMETHEUS],
  ['text/plain', PROMETHEUS],
  [OPEN, OPEN_METRICS],
  [` ${OPEN.toUpperCase()} ; Version=1.0.0 `, OPEN_METRICS],
  [`${OPEN};version="1.0.0"`, OPEN_METRICS],
  [`${OPEN};version=0.0.1`, PROMETHEUS],
  [`${OPEN};version=2.0.0`, PROMETHEUS],
  [PROMETHEUS_2, OPEN_METRICS],
  [`${OPEN};q=0.2,text/plain;q=0.5`, PROMETHEUS],
  [`${OPEN};q=0`, PROMETHEUS],
  [`${OPEN};q=x`, PROMETHEUS],
  [`${OPEN};q=7`, PROMETHEUS],
  [`${'a/b,'.repeat(32)}${OPEN}`, PROMETHEUS],
  [`${'a/b,'.repeat(31)}${OPEN}`, OPEN_METRICS],
  [',;,=;;', PROMETHEUS],
];

for (const [accept, dialect] of ACCEPTED) {
  test(`whoever accepts "${accept.slice(-60)}" gets ${dialect === OPEN_METRICS ? 'OpenMetrics' : 'the text of Prometheus'}`, () => {
    assert.is(dialectFor(accept).contentType, dialect.contentType);
  });
}

test('each type is written as each format wants it', async () => {
  const families: Family[] = [
    counter('a', 'A.', 1),
    gauge('b', 'B.', [{ value: 2, labels: { x: '1' } }]),
    { name: 'c', help: 'C.', type: 'unknown', samples: [{ value: 3 }] },
    {
      name: 'd',
      help: 'D.',
      type: 'summary',
      samples: [
        { value: 4, labels: { quantile: '0.5' } },
        { value: 5, suffix: '_sum' },
      ],
    },
  ];
  assert.is(
    await print(families, PROMETHEUS, { s: 'n' }),
    `# HELP a_total A.
# TYPE a_total counter
a_total{s="n"} 1
# HELP b B.
# TYPE b gauge
b{s="n",x="1"} 2
# HELP c C.
# TYPE c untyped
c{s="n"} 3
# HELP d D.
# TYPE d summary
d{s="n",quantile="0.5"} 4
d_sum{s="n"} 5
`,
  );
  assert.is(
    await print(families, OPEN_METRICS),
    `# HELP a A.
# TYPE a counter
a_total 1
# HELP b B.
# TYPE b gauge
b{x="1"} 2
# HELP c C.
# TYPE c unknown
c 3
# HELP d D.
# TYPE d summary
d{quantile="0.5"} 4
d_sum 5
# EOF
`,
  );
});

test('numbers are written so that they are read again', async () => {
  const numbers = [0, -1, 1.5, 1e21, 1e-7, 2 ** 53, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  const samples = numbers.map((value, index) => ({ value, labels: { index: String(index) } }));
  const [family] = parseExposition(await print([gauge('n', '', samples)]), 'prometheus');
  assert.equal(
    family!.samples.map(({ value }) => value),
    numbers,
  );
});

const HOSTILE = [
  '',
  '"',
  '\\',
  '\\n',
  '\n',
  'a"} 1\nevil{x="',
  '\\"',
  '# EOF\n',
  '\r\n\t\0',
  'ключ 键 🦟',
  '\u2028{}=,',
  'x'.repeat(100_000),
];

for (const [format, dialect] of [
  ['prometheus', PROMETHEUS],
  ['openmetrics', OPEN_METRICS],
] as [Format, Dialect][]) {
  test(`labels and help of any kind stay what they are, in ${format}`, async () => {
    const families = HOSTILE.map((text, index) =>
      gauge(`g${index}`, text, [{ value: 1, labels: { text, after: 'x' } }]),
    );
    const parsed = parseExposition(await print(families, dialect, { server_name: HOSTILE[5]! }), format);
    assert.equal(
      parsed.map(({ samples }) => samples[0]!.labels),
      HOSTILE.map((text) => ({ server_name: HOSTILE[5], text, after: 'x' })),
    );
  });
}

test('of two families with one name the first counts', async () => {
  const text = await print([counter('a', 'One.', 1), gauge('a', 'Two.', 2), gauge('b', 'B.', 3)]);
  assert.equal(
    parseExposition(text, 'prometheus').map(({ name, help }) => [name, help]),
    [
      ['a_total', 'One.'],
      ['b', 'B.'],
    ],
  );
});

test('the parser of these tests takes no text that is wrong', () => {
  const head = '# HELP a A.\n# TYPE a gauge\n';
  const wrong = [
    'a 1\n',
    `${head}a 1`,
    `${head}b 1\n`,
    `${head}a 1\na 2\n`,
    `${head}a{x="1",} 1\n`,
    `${head}a{x="1"y="2"} 1\n`,
    `${head}a{x="1",x="2"} 1\n`,
    `${head}a{x="""} 1\n`,
    `${head}a one\n`,
    `${head}${head}`,
    '# HELP a A.\n# TYPE a counter\na 1\n',
    '# HELP a A.\n# TYPE b gauge\n',
    '# HELP a \\q\n# TYPE a gauge\n',
    '# HELP a_total A.\n# TYPE a_total counter\na_total -1\n',
  ];
  for (const text of wrong) assert.throws(() => parseExposition(text, 'prometheus'), undefined, text);
  assert.throws(() => parseExposition(`${head}a 1\n`, 'openmetrics'), /EOF/);
});

test.run();

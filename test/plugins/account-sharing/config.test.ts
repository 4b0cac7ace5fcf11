import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readConfiguration } from '../../../bin/configuration.ts';
import { renderProblem } from '../../../kernel/config/problem.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';

const OFFER = 'A { exports: [{stream: "a.>"}, {service: "s.>"}, {service: "w.*.*"}, {stream: "v.*.*"}] }';

/** All that is wrong, each with its line and column. */
async function problemsOf(text: string): Promise<string[]> {
  const { clock } = createFakePorts();
  const { problems } = await readConfiguration({ text, path: 'x', clock });
  return problems.map((problem) => renderProblem(problem).replace(/^x:/, ''));
}

/** The place is where the entry has a `^`, or where the accounts begin. */
async function check(before: string, entry: string, after: string, problem: string): Promise<void> {
  const text = `accounts {\n${before}${entry.replace('^', '')}${after}\n}`;
  const at = before.length + entry.indexOf('^') - before.lastIndexOf('\n');
  const place = entry.includes('^') ? `${before.split('\n').length + 1}:${at}` : '1:0';
  assert.equal(await problemsOf(text), [`${place}: ${problem}`]);
}

const NO_TIME = 'Expected response threshold to be a parseable time duration, got';

const EXPORTS: [entry: string, problem: string][] = [
  ['{stream: "a", ^service: "b"}', 'Detected service "b" but already saw a stream'],
  ['{service: "a", ^stream: "b"}', 'Detected stream "b" but already saw a service'],
  ['{^stream: 4}', 'Expected stream name to be string, got int64'],
  ['{^service: 4}', 'Expected service name to be string, got int64'],
  ['"^a"', 'Export Items should be a map with type entry, got string'],
  ['{stream: "a", ^response: stream}', 'Detected response directive on non-service'],
  ['{^response: stream, stream: "a"}', 'Detected response directive on non-service'],
  ['{stream: "a", ^threshold: "5s"}', 'Detected response directive on non-service'],
  ['{stream: "a", ^latency: b}', 'Detected latency directive on non-service'],
  ['{stream: "a", ^allow_trace: true}', 'Detected allow_trace directive on non-service'],
  ['{service: "a", ^response: foo}', 'Unknown response type: "foo"'],
  ['{service: "a", ^response: 4}', 'Expected response type to be string, got int64'],
  ['{service: "a", response: stream, ^response_type: stream}', 'Duplicate response type definition'],
  ['{service: "a", ^threshold: 5}', `${NO_TIME} int64`],
  ['{service: "a", ^threshold: "5x"}', `${NO_TIME} "5x"`],
  ['{service: "a", threshold: "5s", ^response_time: "5s"}', 'Duplicate response threshold detected'],
  ['{service: "a", latency: {subject: x, ^sampling: 0}}', 'bad sampling percentage, should be 1-100'],
  ['{service: "a", latency: {subject: x, ^sampling: 101}}', 'bad sampling percentage, should be 1-100'],
  ['{service: "a", latency: {subject: x, ^sampling: "0%"}}', 'bad sampling percentage, should be 1-100'],
  [
    '{service: "a", latency: {subject: x, ^sampling: "abc"}}',
    'Failed to parse latency sample: strconv.Atoi: parsing "abc": invalid syntax',
  ],
  [
    '{service: "a", latency: {subject: x, ^sampling: 1.5}}',
    'Expected latency sample to be a string or map/struct, got float64',
  ],
  ['{service: "a", ^latency: {sampling: 50}}', 'Latency subject required, but missing'],
  ['{service: "a", ^latency: [x]}', 'Expected latency entry to be a map/struct or string, got []interface {}'],
  ['{service: "a", latency: {^subject: 4}}', 'Expected latency subject to be a string, got int64'],
  [
    '{service: "a", latency: {subject: x, ^foo: 1}}',
    'invalid use of field "foo": latency has no such field, it is ignored',
  ],
  [
    '{service: "a", latency: "x.*"}',
    'Error adding service latency sampling for "a" on subject "x.*": invalid publish subject',
  ],
  [
    '{service: "a.>", latency: "a.b"}',
    'Error adding service latency sampling for "a.>" on subject "a.b": invalid publish subject',
  ],
  [
    '{service: "a", latency: "x", response: stream}',
    'Error adding service latency sampling for "a" on subject "x": bad service response type',
  ],
  ['{stream: "a", accounts: [Q]}', '"Q" account not defined for stream export'],
  ['{service: "a", accounts: [Q]}', '"Q" account not defined for service export'],
  ['{stream: "a", ^accounts: Q}', 'interface conversion: interface {} is string, not []interface {}'],
  ['{service: "a.*.b", account_token_position: 1}', 'Error adding service export "a.*.b": sublist: invalid subject'],
  ['{stream: "a.*.b", account_token_position: 4}', 'Error adding stream export "a.*.b": sublist: invalid subject'],
  ['{stream: "a.b", account_token_position: -2}', 'Error adding stream export "a.b": sublist: invalid subject'],
  ['{stream: "a", ^foo: 1}', 'unknown field "foo"'],
];

for (const [entry, problem] of EXPORTS) {
  test(`an export ${entry} is refused`, async () => {
    await check(' A { exports: [', entry, '] }', problem);
  });
}

const NO_TRANSFORM = 'failed to create mapping transform for';
const UNUSED = 'invalid mapping destination: not using all of the token wildcard(s) in';

const IMPORTS: [entry: string, problem: string][] = [
  ['{^stream: "a"}', 'Stream entry should be an account map, got string'],
  ['{^service: "a"}', 'Service entry should be an account map, got string'],
  ['"^a"', 'Import Items should be a map with type entry, got string'],
  ['{^stream: {account: A}}', 'Expect an account name and a subject'],
  ['{^service: {subject: s.a}}', 'Expect an account name and a subject'],
  ['{stream: {account: A, subject: a.b, ^foo: 1}}', 'unknown field "foo"'],
  ['{stream: {account: A, subject: a.b}, ^foo: 1}', 'unknown field "foo"'],
  [
    '{service: {account: A, subject: s.b}, ^stream: {account: A, subject: a.b}}',
    'Detected stream but already saw a service',
  ],
  ['{service: {account: A, subject: s.b}, ^allow_trace: true}', 'Detected allow_trace directive on a non-stream'],
  [
    '{stream: {account: A, subject: a.b}, prefix: p, ^to: x}',
    "Stream import can not have a 'prefix' and a 'to' property",
  ],
  [
    '{stream: {account: A, subject: a.b}, to: x, ^prefix: p}',
    "Stream import can not have a 'prefix' and a 'to' property",
  ],
  [
    '{service: {account: A, subject: s.a}}, {^service: {account: A, subject: s.b}, to: s.a}',
    'Duplicate service import subject "s.a", previously used in import for account "A", subject "s.a"',
  ],
  ['{service: {account: Z, subject: q}}', '"Z" account not defined for service import'],
  ['{stream: {account: Z, subject: q}}', '"Z" account not defined for stream import'],
  ['{service: {account: "$SYS", subject: q}}', '"$SYS" account not defined for service import'],
  ['{stream: {account: A, subject: q}}', 'Error adding stream import "q": stream import not authorized'],
  ['{service: {account: A, subject: q}}', 'Error adding service import "q": service import not authorized'],
  ['{service: {account: A, subject: "s..x"}}', 'Error adding service import "s..x": sublist: invalid subject'],
  ['{service: {account: A, subject: s.b}, to: "x..y"}', 'Error adding service import "s.b": sublist: invalid subject'],
  [
    '{stream: {account: A, subject: "a.>"}, prefix: "p.*"}',
    'Error adding stream import "a.>": stream import prefix can not contain wildcard tokens',
  ],
  [
    '{stream: {account: A, subject: "a.>"}}, {stream: {account: A, subject: "a.>"}, prefix: p}',
    'Error adding stream import "a.>": stream import already exists',
  ],
  [
    '{stream: {account: A, subject: "v.*.*"}, to: "x.$1"}',
    `Error adding stream import "v.*.*": ${NO_TRANSFORM} stream import subject from "v.*.*" to "x.$1": ${UNUSED} x.$1`,
  ],
  [
    '{stream: {account: A, subject: "a.>"}, to: x}',
    `Error adding stream import "a.>": ${NO_TRANSFORM} stream import subject from "a.>" to "x": invalid subject`,
  ],
  [
    '{service: {account: A, subject: "w.*.*"}, to: x}',
    `Error adding service import "w.*.*": ${NO_TRANSFORM} service import subject from "x" to "w.*.*": ${UNUSED} x`,
  ],
  [
    '{service: {account: A, subject: "w.*.*"}, to: "x.$1.$1"}',
    `Error adding service import "w.*.*": ${NO_TRANSFORM} service import subject from "x.$1.$1" to "w.*.*": ${UNUSED} x.$1.$1`,
  ],
  [
    '{service: {account: A, subject: "w.*.*"}, to: "x.{{partition(3,1,2)}}.y"}',
    `Error adding service import "w.*.*": ${NO_TRANSFORM} service import subject from "x.{{partition(3,1,2)}}.y" to "w.*.*": invalid mapping destination: the only mapping function allowed for import transforms is {{Wildcard()}} in {{partition(3,1,2)}}`,
  ],
];

for (const [entry, problem] of IMPORTS) {
  test(`an import ${entry} is refused`, async () => {
    await check(`${OFFER}\nB { imports: [`, entry, '] }', problem);
  });
}

const RINGS: [text: string, problem: string][] = [
  [
    'A { exports: [{service: a}], imports: [{service: {account: B, subject: b}, to: a}] }\nB { exports: [{service: b}], imports: [{service: {account: A, subject: a}, to: b}] }',
    'service import "a": import forms a cycle',
  ],
  [
    'A { exports: [{stream: ">"}], imports: [{stream: {account: B, subject: ">"}, prefix: p}] }\nB { exports: [{stream: ">"}], imports: [{stream: {account: A, subject: ">"}, prefix: q}] }',
    'stream import ">": import forms a cycle',
  ],
  [
    'A { exports: [{stream: x}], imports: [{stream: {account: B, subject: x}}] }\nB { exports: [{stream: x}], imports: [{stream: {account: C, subject: x}}] }\nC { exports: [{stream: x}], imports: [{stream: {account: A, subject: x}}] }',
    'stream import "x": import forms a cycle',
  ],
];

for (const [text, problem] of RINGS) {
  test(`accounts in a ring are refused: ${text.slice(0, 60)}`, async () => {
    assert.equal(await problemsOf(`accounts {\n${text}\n}`), [`1:0: Error adding ${problem}`]);
  });
}

for (const text of [
  'A { exports: [{service: a}], imports: [{service: {account: B, subject: b}, to: c}] }\nB { exports: [{service: b}], imports: [{service: {account: A, subject: a}, to: d}] }',
  'A { exports: [{service: a}, {stream: z}], imports: [{service: {account: A, subject: a}}, {stream: {account: A, subject: z}}] }',
  'A { exports: [{stream: "a..b"}, {service: ""}, {accounts: []}], imports: [{to: x}] }',
  'A { exports: [{stream: "a.>", accounts: []}] }\nB { imports: [{stream: {account: A, subject: a.b}, to: x.y, share: true}] }',
  'A { exports: [{service: "a.*.b", account_token_position: 2, accounts: [C]}] }\nB { imports: [{service: {account: A, subject: a.B.b}}] }\nC {}',
  'A { exports: [{service: a}] }\nC { exports: [{service: a}] }\nB { imports: [{service: {account: A, subject: a}}, {service: {account: C, subject: a}}] }',
  'A { exports: [{service: a, response: chunk, threshold: "-1s"}, {service: b, latency: {subject: l, sampling: "33"}}] }',
]) {
  test(`accepted: ${text.slice(0, 90)}`, async () => {
    assert.equal(await problemsOf(`accounts {\n${text}\n}`), []);
  });
}

test('an import of a wildcard is refused where the name of the account has to stand', async () => {
  const text =
    'A { exports: [{service: "a.*.b", account_token_position: 2}] }\nB { imports: [{service: {account: A, subject: "a.*.b"}}] }';
  assert.equal(await problemsOf(`accounts {\n${text}\n}`), [
    '1:0: Error adding service import "a.*.b": service import not authorized',
  ]);
});

test('an export of just that subject decides, whatever others cover it', async () => {
  const text =
    'A { exports: [{stream: "a.*", accounts: [C]}, {stream: "a.>"}] }\nB { imports: [{stream: {account: A, subject: "a.*"}}] }\nC {}';
  assert.equal(await problemsOf(`accounts {\n${text}\n}`), [
    '1:0: Error adding stream import "a.*": stream import not authorized',
  ]);
});

test('rules are held against each other only when all of them can be read', async () => {
  const text = 'A { exports: [{stream: 4}] }\nB { imports: [{stream: {account: Z, subject: a}}] }';
  assert.equal(await problemsOf(`accounts {\n${text}\n}`), ['2:16: Expected stream name to be string, got int64']);
});

test('at least one request of an import may be under way', async () => {
  assert.equal(await problemsOf('account_sharing { max_pending_requests: 1 }'), []);
  assert.equal(await problemsOf('account_sharing { max_pending_requests: 0 }'), [
    '1:18: max_pending_requests value 0 is too small, the minimum is 1',
  ]);
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plugin } from '../../../plugins/ocsp/index.ts';
import { RESPONSES_MAX, ResponseCache } from '../../../plugins/ocsp/response-cache.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';
import { listLog, startPlugin } from '../../kits/plugin-kit.ts';

const OPTIONS = { isLocal: true, directory: '/cache', keepsRevoked: false, saveIntervalMs: 1000 };
const good = { response: Buffer.from('r'), status: 'good' as const };
const revoked = { response: Buffer.from('r'), status: 'revoked' as const };

test('the oldest makes room, and what is put again is the newest', () => {
  const cache = new ResponseCache(OPTIONS);
  for (let i = 0; i < RESPONSES_MAX; i++) cache.put(String(i), good);
  cache.put('0', revoked);
  cache.put('one more', good);
  assert.is(cache.get('1'), undefined);
  assert.is(cache.get('0'), revoked);
  assert.is(cache.varz().cached_responses, RESPONSES_MAX);
  assert.is(cache.varz().cached_revoked_responses, 1);
});

test('what was revoked is kept beyond its time where that is wanted', () => {
  for (const keepsRevoked of [true, false]) {
    const cache = new ResponseCache({ ...OPTIONS, keepsRevoked });
    cache.put('a', revoked);
    cache.put('b', good);
    for (const key of ['a', 'b', 'nobody']) cache.expire(key);
    assert.is(cache.get('a') !== undefined, keepsRevoked);
    assert.is(cache.get('b'), undefined);
  }
});

test('it is written when there is something new, and read again', async () => {
  const { disk } = createFakePorts();
  const log: string[] = [];
  const cache = new ResponseCache(OPTIONS);
  await cache.save(disk, listLog(log));
  assert.equal(await disk.readFile('/cache/responses.json').catch(() => null), null);
  cache.put('a', revoked);
  await cache.save(disk, listLog(log));
  const again = new ResponseCache(OPTIONS);
  await again.load(disk, listLog(log));
  assert.equal(again.get('a'), revoked);
  assert.equal(log, []);
});

test('a disk that fails is complained about, and tried again', async () => {
  const { disk } = createFakePorts();
  const log: string[] = [];
  const cache = new ResponseCache(OPTIONS);
  cache.put('a', good);
  const { makeDirectory } = disk;
  disk.makeDirectory = () => Promise.reject(new Error('no space'));
  await cache.save(disk, listLog(log));
  disk.makeDirectory = makeDirectory;
  assert.equal(log, ['error the OCSP responses are not saved: no space']);
  await cache.save(disk, listLog(log));
  assert.ok((await disk.readFile('/cache/responses.json')).length > 0);
});

test('a plugin that has nothing to do leaves nothing behind, and shows nothing', async () => {
  const bench = await startPlugin(plugin);
  const { value } = bench.host.capabilities.find('monitor.section')!;
  assert.equal((value as { varz(): object }).varz(), {});
  await bench.close();
});

test.run();

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CacheAccess } from '../../src/child/cache-access.ts';
import { cacheInfo, clearCache, verifyCache } from '../../src/run/cache-tools.ts';
import { RedisCache } from '../../src/store/cache-redis.ts';
import { anyRedis, hasRedis, startRedis } from '../support/redis.ts';

test.runIf(hasRedis)(
  'a Redis keeps values for all, for their time; one that goes is a miss, and is used again when it is back',
  { timeout: 60_000 },
  async () => {
    const first = await anyRedis();
    const { port } = first;
    const cache = `redis://127.0.0.1:${port}`;
    let { end } = first;
    const warnings: string[] = [];
    const access = (): CacheAccess =>
      new CacheAccess({
        spec: { kind: 'redis', url: cache },
        ttl: undefined,
        names: { namespace: 'n', version: 0 },
        warn: (message) => warnings.push(message),
      });
    const [one, other] = [access(), access()];
    const bytes = new Uint8Array(3e6).fill(7);
    await one.set('text', { a: 'ä'.repeat(5000) });
    await one.set('bytes', bytes);
    await one.set('short', 1, { ttl: 1 });
    expect(await other.get('text')).toEqual({ a: 'ä'.repeat(5000) });
    expect(Buffer.compare(Buffer.from((await other.get('bytes')) as Uint8Array), bytes)).toBe(0);
    await expect.poll(() => other.get('short'), { timeout: 20_000 }).toBeUndefined();
    expect(await other.delete('bytes')).toBe(true);
    expect(await cacheInfo({ cache })).toMatchObject({ where: cache, entries: 1 });
    expect(await verifyCache({ cache })).toMatchObject({ entries: 1, damaged: 0, fault: null });
    expect(warnings).toEqual([]);

    await end();
    expect(await one.get('text')).toBeUndefined();
    await one.set('text', 2);
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings[0]).toMatch(/the cache does not work as it should, its answers are asked for instead/);
    end = await startRedis(port);
    for (let tries = 0; (await one.get('text')) !== 3 && tries < 200; tries++) {
      await one.set('text', 3);
      await sleep(50);
    }
    expect(await one.get('text')).toBe(3);
    expect(await clearCache({ cache })).toBe(1);
    await one.close();
    await other.close();
    await end();
    await expect(RedisCache.open(`redis://:secret@127.0.0.1:${port}`)).rejects.toThrow(
      /redis:\/\/127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/,
    );
  },
);

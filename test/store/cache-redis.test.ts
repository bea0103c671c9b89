import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { has } from '../../bench/support/measure.ts';
import { CacheAccess } from '../../src/child/cache-access.ts';
import { cacheInfo, clearCache, verifyCache } from '../../src/run/cache-tools.ts';
import { RedisCache } from '../../src/store/cache-redis.ts';

const isThere = await has('redis-server', '--version');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Listening on a port, not on a pipe.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a Redis of this test's own; settles when it takes connections. */
async function startRedis(port: number): Promise<() => Promise<void>> {
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(end);
  for await (const text of child.stdout.setEncoding('utf8')) if (String(text).includes('Ready to accept connections')) break;
  child.stdout.resume();
  return end;
}

test.runIf(isThere)(
  'a Redis keeps values for all, for their time; one that goes is a miss, and is used again when it is back',
  { timeout: 60_000 },
  async () => {
    const port = await freePort();
    const cache = `redis://127.0.0.1:${port}`;
    let end = await startRedis(port);
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
    await expect.poll(() => other.get('short')).toBeUndefined();
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

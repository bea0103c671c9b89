import { randomBytes } from 'node:crypto';
import type { BudgetSpec } from '../core/budget-spec.ts';
import { UserError } from '../core/errors.ts';
import type { Shared } from './governor.ts';
import { type Connection, RedisPacer } from './redis-pacer.ts';
import { PAUSE, TAKE, TELL } from './redis-scripts.ts';

/** A little longer each time, and never given up: nobody may call without knowing what others have used. */
const again = (tries: number): number => Math.min(1000, 50 * 2 ** tries);

/** Budgets that several machines share, in Redis. Resolves at once: while Redis is down, calls wait, and `warn` hears of it. */
export async function shareOver(url: string, warn: (message: string) => void): Promise<Shared> {
  const { createClient } = await import('redis').catch((cause: unknown) => {
    throw new UserError('the package redis is missing', { hint: 'install it beside shardyard: npm install redis', cause });
  });
  const shown = url.replace(/\/\/[^@/]*@/, '//');
  const path = /^unix:(?:\/\/)?(\/.*)$/.exec(url)?.[1];
  const socket = { reconnectStrategy: again, connectTimeout: 5000 };
  let client;
  try {
    const where = path === undefined ? { url, socket } : { socket: { ...socket, path } };
    client = createClient({ ...where, disableOfflineQueue: true });
  } catch (error) {
    throw new UserError(`${shown} is no address of Redis: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'write redis://HOST:PORT',
    });
  }
  const listener = client.duplicate();
  const id = randomBytes(6).toString('hex');
  const pacers = new Map<string, RedisPacer>();
  let isDown = false;
  client.on('error', (error: Error) => {
    if (!isDown) warn(`${shown} cannot be reached (${error.message}): calls wait until it is back`);
    isDown = true;
  });
  listener.on('error', () => undefined);
  client.on('ready', () => {
    isDown = false;
    for (const pacer of pacers.values()) pacer.beat();
  });
  const isGone = (error: unknown): void => {
    if (!isDown && !(error instanceof Error && /closed|offline|reconnect/i.test(error.message)))
      warn(`${shown} refuses: ${error instanceof Error ? error.message : String(error)}`);
  };
  void client.connect().catch(isGone);
  void listener.connect().catch(() => undefined);
  const connection: Connection = {
    take: async (keys, args) => (await client.eval(TAKE, { keys: [...keys], arguments: [...args] })) as string[],
    async tell(keys, args) {
      await client.eval(TELL, { keys: [...keys], arguments: [...args] });
    },
    async pause(key, ms, channel) {
      await client.eval(PAUSE, { keys: [key], arguments: [String(ms), channel] });
    },
  };
  // Also finds out that Redis has been restarted, and has forgotten what was used.
  const beat = setInterval(() => pacers.forEach((pacer) => pacer.beat()), 500);
  return {
    pacer(name: string, spec: BudgetSpec, share: number, ready: () => void) {
      const pacer = new RedisPacer({ connection, name, spec, share, id: `${id}-${pacers.size}`, ready, onFault: isGone });
      pacers.set(name, pacer);
      const subscribe = async (): Promise<void> => listener.subscribe(pacer.channel, (ms) => pacer.heard(Number(ms)));
      listener.once('ready', () => void subscribe().catch(isGone));
      return pacer;
    },
    async close() {
      clearInterval(beat);
      await Promise.race([
        Promise.allSettled([...pacers.values()].map((pacer) => pacer.close())),
        new Promise((resolve) => setTimeout(resolve, 500).unref()),
      ]);
      client.destroy();
      listener.destroy();
    },
  };
}

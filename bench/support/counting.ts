import { type ChildProcess, fork } from 'node:child_process';
import { peerFile } from './shardyard.ts';

/** A server in a process of its own that counts calls on its own clock. */
export class Counting {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(): Promise<Counting> {
    const child = fork(peerFile('counting-server.mjs'));
    const { port } = await answer<{ port: number }>(child);
    return new Counting(child, port);
  }

  /** When calls have come since it was last asked, in milliseconds, in order; and when one of them was answered with 429. */
  async arrivals(): Promise<{ readonly times: readonly number[]; readonly limited: readonly number[] }> {
    this.#child.send('arrivals');
    const { arrivals, limited } = await answer<{ arrivals: number[]; limited: number[] }>(this.#child);
    return { times: arrivals.toSorted((a, b) => a - b), limited };
  }

  close(): void {
    this.#child.disconnect();
  }
}

function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error('the counting server is gone'));
    child.once('exit', gone);
    child.once('message', (message) => {
      child.off('exit', gone);
      resolve(message as T);
    });
  });
}

/** How calls went in the middle of a run: a second after the first to half a second before the last. Calls a second, and the most in any second. */
export function accuracy(times: readonly number[]): { readonly rate: number; readonly most: number } {
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const middle = times.filter((time) => time >= first + 1000 && time <= last - 500);
  let most = 0;
  let from = 0;
  for (const [at, time] of middle.entries()) {
    while ((middle[from] ?? Infinity) <= time - 1000) from++;
    most = Math.max(most, at - from + 1);
  }
  return { rate: middle.length / ((last - first - 1500) / 1000), most };
}

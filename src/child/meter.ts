import { readFileSync } from 'node:fs';
import type { Usage } from '../core/events.ts';
import { slope } from '../core/slope.ts';

/** Measures what an attempt takes of the machine, from its making on. Reads a file and the memory at every item: only where it is asked for. */
export class Meter {
  readonly #startRss = process.memoryUsage.rss();
  readonly #since = performance.now();
  readonly #cpu = process.cpuUsage();
  readonly #loop = performance.eventLoopUtilization();
  readonly #rss: number[] = [];

  /** The same items; with one at a time, the one before is finished when the next is asked for. */
  *watch<Item>(items: Iterable<Item>): Generator<Item> {
    for (const item of items) {
      yield item;
      this.#rss.push(process.memoryUsage.rss());
    }
  }

  usage(): Usage {
    const { user, system } = process.cpuUsage(this.#cpu);
    return {
      startRss: this.#startRss,
      peakRss: peak() ?? Math.max(this.#startRss, ...this.#rss.slice(-1000)),
      growth: slope(this.#rss),
      wallMs: performance.now() - this.#since,
      cpuMs: (user + system) / 1000,
      busyMs: performance.eventLoopUtilization(this.#loop).active,
    };
  }
}

/** The most memory that this process ever had, in bytes; `undefined` where the system does not say. */
function peak(): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

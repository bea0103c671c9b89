import { UserError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { LaunchOptions } from '../core/options.ts';
import { parseDuration, parseSize } from '../core/quantities.ts';
import type { AnyWorker } from '../core/worker.ts';

type Options = { -readonly [Name in keyof LaunchOptions]?: LaunchOptions[Name] };

const COUNTS: Readonly<Record<string, number>> = { processes: 1, shards: 1, batchSize: 1, concurrency: 1, spares: 0, retries: 0 };
const QUANTITIES: Readonly<Record<string, (text: string) => number>> = {
  stagger: parseDuration,
  itemTimeout: parseDuration,
  batchTimeout: parseDuration,
  maxRss: parseSize,
};

/** The options that a worker suggests, checked. */
export function workerDefaults({ defaults }: AnyWorker, file: string): Options {
  const options: Record<string, number> = {};
  for (const [name, value] of Object.entries(defaults ?? {})) {
    if (value === undefined) continue;
    const least = COUNTS[name];
    const parse = QUANTITIES[name];
    const refuse = (what: string, hint: string): never => {
      throw new UserError(`the worker's \`defaults.${name}\` ${what}`, { place: { file }, hint });
    };
    if (least !== undefined) {
      if (!Number.isInteger(value) || Number(value) < least)
        refuse(`is ${JSON.stringify(value)}`, `give a whole number of at least ${least}`);
      options[name] = Number(value);
    } else if (parse) options[name] = typeof value === 'number' ? value : parse(String(value));
    else
      refuse(
        'is not an option that a worker can suggest',
        `did you mean ${nearest(name, [...Object.keys(COUNTS), ...Object.keys(QUANTITIES)]) ?? 'batchSize'}?`,
      );
  }
  return options;
}

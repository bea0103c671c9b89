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
  stallTimeout: parseDuration,
  maxRss: parseSize,
  memoryFree: parseSize,
};

function quantity(parse: (text: string) => number, text: string, refuse: (what: string, hint: string) => never): number {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return refuse(`: ${error.message}`, error.hint ?? '');
  }
}

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
    } else if (parse) {
      const number = typeof value === 'number' ? value : quantity(parse, String(value), refuse);
      if (!Number.isFinite(number) || number < 0 || (number === 0 && name !== 'stagger'))
        refuse(`is ${String(value)}`, 'give a number above 0 (milliseconds, bytes), or a text such as 30s or 512MB');
      options[name] = number;
    } else
      refuse(
        'is not an option that a worker can suggest',
        `did you mean ${nearest(name, [...Object.keys(COUNTS), ...Object.keys(QUANTITIES)]) ?? 'batchSize'}?`,
      );
  }
  return options;
}

import { UserError } from '../core/errors.ts';
import { axesOf, camelCase, type Grid } from '../core/grid.ts';
import type { LaunchOptions } from '../core/options.ts';

/** What is to be swept, checked as far as that can be done without the worker. */
export function gridOf({ grid: given = {}, params = {} }: Pick<LaunchOptions, 'grid' | 'params'>): Grid | undefined {
  const grid = axesOf(given);
  if (grid.length === 0) return undefined;
  const names = new Set<string>();
  for (const { name } of grid) {
    if (names.has(camelCase(name)))
      throw new UserError(`--grid ${name}: it is given twice`, { hint: 'give it once, with all of its values' });
    names.add(camelCase(name));
  }
  const both = Object.keys(params).find((name) => names.has(camelCase(name)));
  if (both !== undefined) {
    throw new UserError(`--grid ${both}: it is given as --param, too`, { hint: 'give a parameter one value or sweep it, not both' });
  }
  return grid;
}

import { UserError } from './errors.ts';
import { canonicalJson } from './key.ts';

/** A swept parameter and its values, as given: before the worker's schema. */
interface Axis {
  readonly name: string;
  readonly values: readonly unknown[];
}

/** The swept parameters, the one that varies slowest first: every item is done once for each combination of their values. */
export type Grid = readonly Axis[];

/** A grid as a user gives it: `{ refill: [60, 180], size: ['1000', '5000'] }`. */
export type GivenGrid = Readonly<Record<string, readonly unknown[]>>;

/** Combinations of one run. A mistyped grid is found out before anything is validated a billion times. */
const MOST = 1_000_000;

/** A value as it is part of keys and messages: a text as it is, anything else as JSON. */
export const valueText = (value: unknown): string => (typeof value === 'string' ? value : canonicalJson(value));

/** A given grid, checked: every parameter has values, and none twice. */
export function axesOf(given: GivenGrid): Grid {
  const grid = Object.entries(given).map(([name, values]): Axis => {
    const refuse = (what: string, hint: string): never => {
      throw new UserError(`--grid ${name}: ${what}`, { hint });
    };
    if (name === '') refuse('a parameter has no name', 'write name=value,value');
    if (!Array.isArray(values)) return refuse('its values are not a list', 'give a list, such as [60, 180]');
    if (values.length === 0) refuse('there are no values', `write --grid ${name}=value,value`);
    const texts = values.map((value) => {
      if (value === undefined || typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
        return refuse(`a value is ${value === undefined ? 'missing' : `a ${typeof value}`}`, 'give texts, numbers or other JSON');
      return valueText(value);
    });
    if (texts.includes('')) refuse('a value is empty', 'take the comma that is too much away');
    const twice = texts.find((text, at) => texts.indexOf(text) < at);
    if (twice !== undefined) refuse(`${JSON.stringify(twice)} is there twice`, 'give every value once');
    return { name, values };
  });
  const count = combinationCount(grid);
  if (count > MOST) throw new UserError(`--grid: these are ${count} combinations, more than ${MOST}`, { hint: 'sweep fewer values' });
  return grid;
}

/** `yearsBack` for `years-back`, as a command line writes it. */
export const camelCase = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** How many combinations there are; 1 where nothing is swept. */
export const combinationCount = (grid: Grid = []): number => grid.reduce((count, { values }) => count * values.length, 1);

/** The values of a combination, in the order of the parameters. Combinations are numbered from 0; the last parameter varies quickest. */
export function combinationAt(grid: Grid, number: number): Readonly<Record<string, unknown>> {
  const entries: [string, unknown][] = [];
  let rest = number;
  for (const { name, values } of grid.toReversed()) {
    entries.unshift([name, values[rest % values.length]]);
    rest = Math.floor(rest / values.length);
  }
  return Object.fromEntries(entries);
}

/** What a combination adds to the keys of its items: `/refill=60/size=1000`. No two combinations, with whatever item, give the same key. */
export function keySuffix(grid: Grid, number: number): string {
  return Object.entries(combinationAt(grid, number))
    .map(([name, value]) => `/${escape(name)}=${escape(valueText(value))}`)
    .join('');
}

/** A combination for a message: `refill=60 size=1000`. */
export const combinationText = (grid: Grid, number: number): string =>
  Object.entries(combinationAt(grid, number))
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join(' ');

/** Without the slashes that part a key, and the commas that part keys on the command line. */
const escape = (text: string): string => text.replaceAll(/[%/,]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

const isSame = (a: Axis, b: Axis): boolean => camelCase(a.name) === camelCase(b.name);

/** The values of a later session for parameters that the run sweeps; which parameters these are cannot change, as they are columns. */
export function changedGrid(before: Grid | undefined, given: GivenGrid): Grid {
  const grid = axesOf(given);
  const stranger = grid.find((axis) => !before?.some((old) => isSame(old, axis)));
  if (stranger) {
    const known = before?.map(({ name }) => name).join(', ');
    throw new UserError(`--grid ${stranger.name}: the run does not sweep it, and its rows have no such column`, {
      hint: known === undefined ? 'start another run' : `a later session may change the values of ${known}; start another run for more`,
    });
  }
  return (before ?? []).map((old) => ({ name: old.name, values: grid.find((axis) => isSame(old, axis))?.values ?? old.values }));
}

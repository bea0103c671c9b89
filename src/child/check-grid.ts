import type { StandardSchemaV1 } from '@standard-schema/spec';
import { UserError } from '../core/errors.ts';
import { camelCase, combinationAt, combinationCount, combinationText, type Grid, valueText } from '../core/grid.ts';
import { nearest } from '../core/nearest.ts';
import type { AnyWorker } from '../core/worker.ts';
import { checkParams, describeIssue, wrongParams } from './params.ts';

/** A grid whose every combination the worker takes. */
export interface Swept {
  /** With the parameters by the names that the worker's schema has for them. */
  readonly grid: Grid;
  /** The parameters of the first combination, as the schema gives them. */
  readonly first: unknown;
}

/** Puts every combination through the worker's schema; the first that it refuses is a `UserError` that names flag, value and complaint. */
export async function checkGrid(worker: AnyWorker, given: Readonly<Record<string, unknown>>, grid: Grid, file: string): Promise<Swept> {
  const refuse = (what: string, hint: string): never => {
    throw new UserError(what, { place: { file }, hint });
  };
  const outputs = new Map<string, string>();
  let first: unknown;
  let names: readonly string[] = [];
  for (let number = 0; number < combinationCount(grid); number++) {
    const combination = combinationAt(grid, number);
    const checked = await checkParams(worker, { ...given, ...combination }, file);
    if (checked.kind === 'unknown') {
      const stranger = grid.find(({ name }) => checked.names.some((one) => camelCase(one) === camelCase(name)));
      if (!stranger) throw wrongParams(checked, file);
      refuse(`--grid ${stranger.name}: the worker knows no such parameter`, knownOf(checked.known));
    }
    if (checked.kind === 'issues') throw refusedBy(checked.issues, { grid, number, file });
    const value = checked.kind === 'valid' ? checked.value : undefined;
    if (number === 0) {
      first = value;
      names = grid.map(({ name }) => (isOwn(value, name) ? name : camelCase(name)));
    }
    for (const [at, name] of names.entries()) {
      const [text, output] = [valueText(Object.values(combination)[at]), `${at} ${outputText(value, name)}`];
      const same = outputs.get(output);
      if (same !== undefined && same !== text)
        refuse(`--grid ${grid[at]?.name ?? name}: ${same} and ${text} are the same value`, 'give every value once');
      outputs.set(output, text);
    }
  }
  const taken = names.find((name) => worker.columns?.includes(name));
  if (taken !== undefined) {
    refuse(
      `the worker's \`columns\` has ${JSON.stringify(taken)}, which --grid puts in front of every row`,
      'leave it out of the columns and rows',
    );
  }
  return { grid: grid.map(({ values }, at) => ({ name: names[at] ?? '', values })), first };
}

const knownOf = (known: readonly string[] | undefined): string =>
  known === undefined
    ? 'it takes none: declare them with `params: z.object({ … })`'
    : `it knows ${known.map((name) => JSON.stringify(name)).join(', ') || 'none'}`;

/** About a parameter that is swept, by its flag and value; about all of them together, by the combination. */
function refusedBy(
  issues: readonly StandardSchemaV1.Issue[],
  { grid, number, file }: { grid: Grid; number: number; file: string },
): UserError {
  const combination = combinationAt(grid, number);
  for (const issue of issues) {
    const [head] = issue.path ?? [];
    const path = String(typeof head === 'object' ? head.key : head);
    const axis = grid.find(({ name }) => name === path || camelCase(name) === path);
    if (axis) {
      const value = JSON.stringify(valueText(combination[axis.name]));
      return new UserError(`--grid ${axis.name}: ${value}: ${issue.message}`, { place: { file }, hint: 'correct the value' });
    }
  }
  if (issues.every(({ path = [] }) => path.length === 0)) {
    const messages = issues.map(({ message }) => message).join('; ');
    return new UserError(`--grid: ${combinationText(grid, number)}: ${messages}`, { place: { file }, hint: 'sweep other values' });
  }
  const [path = ''] = issues.map(({ path: [head] = [] }) => String(typeof head === 'object' ? head.key : head));
  const meant = nearest(
    path,
    grid.map(({ name }) => name),
  );
  const hint = meant === undefined ? 'correct --param or --grid' : `is --grid ${meant} meant to be ${path}?`;
  return new UserError(`wrong parameters: ${issues.map(describeIssue).join('; ')}`, { place: { file }, hint });
}

const isOwn = (value: unknown, name: string): boolean => typeof value === 'object' && value !== null && Object.hasOwn(value, name);

function outputText(params: unknown, name: string): string {
  const value: unknown = isOwn(params, name) ? Reflect.get(params as object, name) : undefined;
  try {
    return `${typeof value} ${valueText(value)}`;
  } catch {
    return `${typeof value} ${String(value)}`;
  }
}

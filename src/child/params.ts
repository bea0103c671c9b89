import type { StandardSchemaV1 } from '@standard-schema/spec';
import { UserError } from '../core/errors.ts';
import { camelCase } from '../core/grid.ts';
import type { AnyWorker } from '../core/worker.ts';
import { placeOf } from './load-worker.ts';

/** What the worker's schema makes of parameters. `known`: the names that it takes; `undefined` where there is no schema. */
export type Checked =
  | { readonly kind: 'valid'; readonly value: unknown }
  | { readonly kind: 'issues'; readonly issues: readonly StandardSchemaV1.Issue[] }
  | { readonly kind: 'unknown'; readonly names: readonly string[]; readonly known: readonly string[] | undefined };

/** Runs parameters as given through the worker's schema; a name that the schema drops is one it does not know. */
export async function validateParams(worker: AnyWorker, given: Readonly<Record<string, unknown>>, file: string): Promise<unknown> {
  const checked = await checkParams(worker, given, file);
  if (checked.kind === 'valid') return checked.value;
  throw wrongParams(checked, file);
}

/** The same, for whoever says it in other words. */
export async function checkParams(worker: AnyWorker, given: Readonly<Record<string, unknown>>, file: string): Promise<Checked> {
  const schema = worker.params;
  const names = Object.keys(given);
  if (!schema) return names.length === 0 ? { kind: 'valid', value: {} } : { kind: 'unknown', names, known: undefined };
  const result = await validate(schema, given, file);
  if (result.kind === 'valid' && unknownNames(names, result.value).length === 0) return result;
  // `--param years-back=10` is how a command line writes yearsBack.
  const camel = Object.fromEntries(Object.entries(given).map(([name, value]) => [camelCase(name), value]));
  const again = await validate(schema, camel, file);
  if (again.kind !== 'valid') return again;
  const unknown = unknownNames(Object.keys(camel), again.value);
  if (unknown.length === 0) return again;
  const known = typeof again.value === 'object' && again.value !== null ? Object.keys(again.value) : [];
  return { kind: 'unknown', names: unknown, known };
}

/** The error for parameters that are not valid. */
export function wrongParams(checked: Exclude<Checked, { kind: 'valid' }>, file: string): UserError {
  const place = { file };
  if (checked.kind === 'issues')
    return new UserError(`wrong parameters: ${checked.issues.map(describeIssue).join('; ')}`, { place, hint: 'correct --param' });
  const { names, known } = checked;
  if (!known) {
    return new UserError(`the worker takes no parameters, but ${list(names)} was given`, {
      place,
      hint: 'declare them: `params: z.object({ … })`, or leave --param out',
    });
  }
  return new UserError(`the worker knows no parameter ${list(names)}`, {
    place,
    hint: known.length > 0 ? `it knows ${list(known)}` : 'it knows none',
  });
}

type Validated = Exclude<Checked, { kind: 'unknown' }>;

async function validate(schema: StandardSchemaV1, given: unknown, file: string): Promise<Validated> {
  let result: StandardSchemaV1.Result<unknown>;
  try {
    result = await schema['~standard'].validate(given);
  } catch (error) {
    throw new UserError(`the worker's \`params\` threw: ${error instanceof Error ? error.message : String(error)}`, {
      place: placeOf(error) ?? { file },
      hint: 'mend the schema; what is wrong with a value it gives back as issues',
      cause: error,
    });
  }
  return result.issues ? { kind: 'issues', issues: result.issues } : { kind: 'valid', value: result.value };
}

function unknownNames(names: readonly string[], value: unknown): string[] {
  return typeof value === 'object' && value !== null ? names.filter((name) => !Object.hasOwn(value, name)) : [];
}

/** An issue of a schema, with the place it is about. */
export function describeIssue(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? String(part.key) : String(part))).join('.');
  return path ? `${path}: ${issue.message}` : issue.message;
}

const list = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(', ');

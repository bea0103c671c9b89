import type { StandardSchemaV1 } from '@standard-schema/spec';
import { UserError } from '../core/errors.ts';
import type { AnyWorker } from '../core/worker.ts';
import { placeOf } from './load-worker.ts';

/** Runs parameters as given through the worker's schema; a name that the schema drops is one it does not know. */
export async function validateParams(worker: AnyWorker, given: Readonly<Record<string, unknown>>, file: string): Promise<unknown> {
  const schema = worker.params;
  const names = Object.keys(given);
  if (!schema) {
    if (names.length === 0) return {};
    throw new UserError(`the worker takes no parameters, but ${list(names)} was given`, {
      place: { file },
      hint: 'declare them: `params: z.object({ … })`, or leave --param out',
    });
  }
  const result = await validate(schema, given, file);
  const unknown = result.ok ? unknownNames(names, result.value) : [];
  if (result.ok && unknown.length === 0) return result.value;
  // `--param years-back=10` is how a command line writes yearsBack.
  const camel = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()), value]),
  );
  const again = await validate(schema, camel, file);
  const stillUnknown = again.ok ? unknownNames(Object.keys(camel), again.value) : [];
  if (again.ok && stillUnknown.length === 0) return again.value;
  if (!again.ok) {
    throw new UserError(`wrong parameters: ${again.issues.map(formatIssue).join('; ')}`, { place: { file }, hint: 'correct --param' });
  }
  const known = typeof again.value === 'object' && again.value !== null ? Object.keys(again.value) : [];
  throw new UserError(`the worker knows no parameter ${list(stillUnknown)}`, {
    place: { file },
    hint: known.length > 0 ? `it knows ${list(known)}` : 'it knows none',
  });
}

type Validated =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issues: readonly StandardSchemaV1.Issue[] };

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
  return result.issues ? { ok: false, issues: result.issues } : { ok: true, value: result.value };
}

function unknownNames(names: readonly string[], value: unknown): string[] {
  return typeof value === 'object' && value !== null ? names.filter((name) => !Object.hasOwn(value, name)) : [];
}

function formatIssue(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? String(part.key) : String(part))).join('.');
  return path ? `${path}: ${issue.message}` : issue.message;
}

const list = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(', ');

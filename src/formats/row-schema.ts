import { readFileSync } from 'node:fs';
import type { Ajv, ErrorObject, ValidateFunction } from 'ajv';
import { UserError } from '../core/errors.ts';
import type { Row } from '../core/worker.ts';
import { readText } from './text-value.ts';

/** What is wrong with a row: where in it, and what. */
interface Complaint {
  /** A JSON Pointer; empty: the row itself. */
  readonly path: string;
  readonly message: string;
}

/** Says what is wrong with a row, if anything. */
export type CheckRow = (row: Row) => Complaint | undefined;

/** How `$schema` names the drafts that there are classes for; a schema without it is of the newest. */
const DRAFT_7 = /draft-07/;
const DRAFT_2019 = /2019-09/;

/**
 * Reads a JSON Schema (draft-07 to 2020-12). `texts`: the rows are of CSV, whose texts count as numbers or booleans where the schema refuses
 * the texts and they read so (`readText`).
 * `format` is a comment, as the standard has it. Throws a `UserError` (exit 2) where the file is not a schema. Loads what it needs only here.
 */
export async function readRowSchema(file: string, { texts = false } = {}): Promise<CheckRow> {
  const refuse = (what: string, hint: string, cause?: unknown): UserError => new UserError(what, { place: { file }, hint, cause });
  let schema: unknown;
  try {
    schema = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw refuse(`the schema cannot be read: ${messageOf(error)}`, 'give --validate the path of a JSON Schema', error);
  }
  if (!isSchema(schema)) throw refuse('a JSON Schema is an object', 'give --validate the path of a JSON Schema');
  const draft = String(schema['$schema'] ?? '');
  const options = { allErrors: texts, validateFormats: false, strict: true, strictTypes: false, strictRequired: false } as const;
  try {
    const validate = (await validatorOf(draft, options)).compile(schema);
    if ('$async' in validate) throw new Error('a schema with $async is not supported');
    return (row) => {
      const errors = texts ? faultsOfTexts(validate, row) : faultsOf(validate, row);
      if (!errors) return undefined;
      const { instancePath: path = '', message = 'does not fit', params = {} } = errors[0] ?? {};
      return { path, message: `${message}${more(params)}` };
    };
  } catch (error) {
    throw refuse(`the schema does not hold: ${messageOf(error)}`, 'correct the schema', error);
  }
}

const faultsOf = (validate: ValidateFunction, row: Row): readonly ErrorObject[] | undefined =>
  validate(row) ? undefined : (validate.errors ?? []);

/** As they are first. Then what there are complaints about is read, until nothing more can be: Ajv's own coercion changes a row for a branch that does not fit. */
function faultsOfTexts(validate: ValidateFunction, row: Row): readonly ErrorObject[] | undefined {
  const read: Record<string, unknown> = { ...row };
  for (;;) {
    const errors = faultsOf(validate, read);
    if (!errors) return undefined;
    let isNew = false;
    for (const { instancePath } of errors) {
      const [, column] = instancePath.split('/');
      const name = column?.replaceAll('~1', '/').replaceAll('~0', '~');
      const text = name === undefined ? undefined : read[name];
      if (name === undefined || typeof text !== 'string') continue;
      read[name] = readText(text);
      isNew ||= read[name] !== text;
    }
    if (!isNew) return errors;
  }
}

async function validatorOf(draft: string, options: object): Promise<Pick<Ajv, 'compile'>> {
  if (DRAFT_7.test(draft)) return new (await import('ajv')).Ajv(options);
  if (DRAFT_2019.test(draft)) return new (await import('ajv/dist/2019.js')).Ajv2019(options);
  return new (await import('ajv/dist/2020.js')).Ajv2020(options);
}

/** What the message leaves out of what it is about. */
function more(params: Readonly<Record<string, unknown>>): string {
  const said = params['additionalProperty'] ?? params['unevaluatedProperty'] ?? params['allowedValues'] ?? params['allowedValue'];
  return said === undefined ? '' : ` (${JSON.stringify(said)})`;
}

const isSchema = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

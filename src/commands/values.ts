import { UserError, unreachable } from '../core/errors.ts';
import { axesOf, type GivenGrid } from '../core/grid.ts';
import { nearest } from '../core/nearest.ts';
import { parseAmount, parseDeadline, parseDuration, parseHalt, parseInteger, parseSize, parseTolerance } from '../core/quantities.ts';
import type { Progress } from '../core/options.ts';
import type { Given } from './sources.ts';
import type { KindValues, Option } from './option.ts';

const PROGRESS: readonly Progress[] = ['auto', 'bar', 'plain', 'json', 'none'];

/** The value of an option as one source gave it; `undefined` for its neutral word. Throws a `UserError` that names the source. */
export function readValue(option: Option, given: Given): KindValues[Option['kind']] | undefined {
  try {
    if (option.kind === 'pairs') return isRecord(given.value) ? given.value : readPairs(textsOf(given));
    if (option.kind === 'grid') return isRecord(given.value) ? readAxes(given.value) : readGrid(textsOf(given));
    if (option.kind === 'list') return checked(textsOf(given), option);
    const [text] = checked([oneOf(textsOf(given))], option);
    return text === option.neutral ? undefined : readText(option, text);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const hint = option.neutral !== undefined && error.hint !== undefined ? `${error.hint}; or ${option.neutral}` : error.hint;
    throw refuse(given, error.message, hint);
  }
}

/** A `UserError` about a given value, with the source's name for the option and its place. */
export function refuse(given: Given, message: string, hint?: string): UserError {
  return new UserError(`${given.name}: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(given.place ? { place: given.place } : {}),
  });
}

function readText(option: Option, text: string): KindValues[Option['kind']] {
  const { kind, least = 0 } = option;
  if (text === '')
    throw new UserError('needs a value', option.arg === undefined ? {} : { hint: `give it as --${option.flag}=${option.arg}` });
  switch (kind) {
    case 'integer':
      return parseInteger(text, least);
    case 'amount':
      return parseAmount(text);
    case 'duration':
      return atLeast(parseDuration(text), least, text);
    case 'size':
      return parseSize(text);
    case 'tolerance':
      return parseTolerance(text);
    case 'halt':
      return parseHalt(text);
    case 'deadline':
      return parseDeadline(text);
    case 'progress':
      return readProgress(text);
    case 'flag':
      return readFlag(text);
    case 'rows':
      if (text === 'csv' || text === 'json' || text === 'parquet') return text;
      throw new UserError(`${JSON.stringify(text)} is not one of csv, json and parquet`, { hint: 'json also stands for JSON Lines' });
    case 'names':
      return readNames(text);
    case 'text':
    case 'list':
    case 'grid':
    case 'pairs':
      return text;
    default:
      return unreachable(kind);
  }
}

function readProgress(text: string): Progress {
  const found = PROGRESS.find((progress) => progress === text);
  if (found) return found;
  const near = nearest(text, PROGRESS);
  throw new UserError(`${JSON.stringify(text)} is not a kind of progress`, {
    hint: `${near === undefined ? '' : `did you mean "${near}"? `}choose from ${PROGRESS.join(', ')}`,
  });
}

function readFlag(text: string): boolean {
  const word = text.toLowerCase();
  if (word === 'true' || word === '1') return true;
  if (word === 'false' || word === '0') return false;
  throw new UserError(`${JSON.stringify(text)} is neither true nor false`, { hint: 'write true or false' });
}

function readPairs(texts: readonly string[], hint = 'write name=value, such as yearsBack=10'): Readonly<Record<string, unknown>> {
  const pairs = texts.map((text): [string, string] => {
    const at = text.indexOf('=');
    if (at < 1) throw new UserError(`${JSON.stringify(text)} is not a parameter`, { hint });
    return [text.slice(0, at), text.slice(at + 1)];
  });
  const twice = pairs.find(([name], index) => pairs.findIndex(([other]) => other === name) < index);
  if (twice) throw new UserError(`the parameter ${JSON.stringify(twice[0])} is given twice`, { hint: 'give it once' });
  // Not by assignment: a parameter called __proto__ must stay a parameter.
  return Object.fromEntries(pairs);
}

/** `refill=60,180,300`, or for values with commas `pair=["a,b","c"]`. */
function readGrid(texts: readonly string[]): GivenGrid {
  const hint = 'write name=value,value, such as refill=60,180,300';
  const axes = Object.entries(readPairs(texts, hint)).map(([name, text]): [string, readonly unknown[]] => [
    name,
    valuesOf(name, String(text)),
  ]);
  return checkedGrid(Object.fromEntries(axes));
}

function valuesOf(name: string, text: string): readonly unknown[] {
  if (!text.startsWith('[')) return text === '' ? [] : text.split(',').map((value) => value.trim());
  try {
    const values: unknown = JSON.parse(text);
    if (Array.isArray(values)) return values;
  } catch {
    // Said below.
  }
  throw new UserError(`${name}: ${JSON.stringify(text)} is not a JSON array`, { hint: `write ${name}=a,b or ${name}='["a","b"]'` });
}

/** As a YAML file has it: `grid: { refill: [60, 180] }`; one value, or several with commas, may be a text. */
function readAxes(record: Readonly<Record<string, unknown>>): GivenGrid {
  const axes = Object.entries(record).map(([name, value]): [string, readonly unknown[]] => {
    if (Array.isArray(value)) return [name, value];
    return [name, typeof value === 'string' ? valuesOf(name, value) : [value]];
  });
  return checkedGrid(Object.fromEntries(axes));
}

function checkedGrid(grid: GivenGrid): GivenGrid {
  try {
    axesOf(grid);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // The flag's name is put in front again.
    throw new UserError(error.message.replace(/^--grid:? /, ''), error.hint === undefined ? {} : { hint: error.hint });
  }
  return grid;
}

function atLeast(ms: number, least: number, text: string): number {
  if (ms >= least) return ms;
  throw new UserError(`${JSON.stringify(text)} is too short`, { hint: `at least ${least}ms is possible` });
}

function textsOf(given: Given): readonly string[] {
  if (typeof given.value === 'string') return [given.value];
  if (isRecord(given.value)) throw new UserError('must be one value, not a mapping', { hint: 'write one value' });
  return given.value;
}

function checked<Texts extends readonly string[]>(texts: Texts, { check, neutral }: Option): Texts {
  for (const text of texts) if (text !== neutral) check?.(text);
  return texts;
}

function oneOf(texts: readonly string[]): string {
  const [text] = texts;
  if (text === undefined || texts.length > 1) throw new UserError(`is given ${texts.length} times`, { hint: 'give it once' });
  return text;
}

function isRecord(value: Given['value']): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && !Array.isArray(value);
}

function readNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined || names.includes('')) {
    throw new UserError(twice ? `${JSON.stringify(twice)} is there twice` : 'a name is empty', {
      hint: 'write names such as symbol,date,close',
    });
  }
  return names;
}

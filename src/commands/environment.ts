import { UserError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { ENVIRONMENT_OPTIONS } from './option-lists.ts';
import type { Place } from '../core/errors.ts';
import type { Option } from './option.ts';
import type { Given, Source } from './sources.ts';

const PREFIX = 'SHARDYARD_';
/** How the parent talks to its children; no option. */
const INTERNAL = 'SHARDYARD_INTERNAL_';
const BY_NAME = new Map(ENVIRONMENT_OPTIONS.map((option) => [variableOf(option), option]));

/** `SHARDYARD_BATCH_SIZE` for `--batch-size`. */
function variableOf(option: Option): string {
  return PREFIX + option.flag.toUpperCase().replaceAll('-', '_');
}

/**
 * What environment variables say. An empty one says nothing; repeatable options are written one a line.
 * `placeOf` tells where a variable stands, if in a file. Throws a `UserError` for an unknown `SHARDYARD_…`.
 */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>, placeOf?: (name: string) => Place): Source {
  const source = new Map<Option, Given>();
  for (const [name, text] of Object.entries(variables)) {
    if (text === undefined || text === '' || !name.startsWith(PREFIX) || name.startsWith(INTERNAL)) continue;
    const option = BY_NAME.get(name);
    const place = placeOf?.(name);
    if (!option) throw unknown(name, place);
    const several = option.kind === 'list' || option.kind === 'grid' || option.kind === 'pairs';
    source.set(option, { name, value: several ? linesOf(text) : text, ...(place ? { place } : {}) });
  }
  return source;
}

/** The line of a `.env` file that sets a variable, from 1; `undefined` when it cannot be told. */
export function lineOfVariable(text: string, name: string): number | undefined {
  const at = text.split('\n').findLastIndex((line) => new RegExp(`^\\s*(export\\s+)?${name}\\s*=`).test(line));
  return at < 0 ? undefined : at + 1;
}

function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function unknown(name: string, place: Place | undefined): UserError {
  // Compared without the prefix, which would make everything look alike.
  const rests = new Map([...BY_NAME.keys()].map((known) => [known.slice(PREFIX.length), known]));
  const near = rests.get(nearest(name.slice(PREFIX.length), rests.keys()) ?? '');
  const hint = near === undefined ? 'see shardyard run --help for the options' : `did you mean ${near}?`;
  return new UserError(`${name}: no such option`, { hint, ...(place ? { place } : {}) });
}

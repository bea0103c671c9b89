import { stat } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { UserError, type Place } from '../core/errors.ts';
import type { AnyWorker } from '../core/worker.ts';

/** Imports a worker module and checks its shape; everything that can be wrong with it is a `UserError` that names it. */
export async function loadWorker(file: string): Promise<AnyWorker> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) {
    throw new UserError(found ? 'is not a file' : 'there is no such worker', {
      place: { file },
      hint: 'give the path of a .js, .mjs or .ts module whose default export is a worker (`shardyard init` writes one)',
    });
  }
  let module: { readonly default?: unknown };
  try {
    // A module namespace is an object; what is in it is checked below.
    module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  } catch (error) {
    throw importError(file, error);
  }
  const worker = unwrap(module.default);
  const problem = shapeProblem(worker);
  if (problem) {
    throw new UserError(problem, { place: { file }, hint: 'write `export default defineWorker({ process(item) { … } })`' });
  }
  return worker as AnyWorker;
}

/** A CommonJS module compiled from ESM has its default export one level deeper. */
function unwrap(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !('process' in value) && 'default' in value ? value.default : value;
}

function shapeProblem(worker: unknown): string | undefined {
  if (worker === undefined) return 'the worker has no default export';
  if (typeof worker !== 'object' || worker === null) return `the default export is a ${typeof worker}, not a worker`;
  if (!('process' in worker) || typeof worker.process !== 'function') return 'the worker has no function `process`';
  for (const name of ['items', 'key', 'setup', 'teardown']) {
    const value: unknown = Reflect.get(worker, name);
    if (value !== undefined && typeof value !== 'function') return `the worker's \`${name}\` is not a function`;
  }
  const columns: unknown = Reflect.get(worker, 'columns');
  if (columns === undefined) return undefined;
  if (!Array.isArray(columns) || columns.length === 0 || columns.some((column) => typeof column !== 'string')) {
    return "the worker's `columns` is not a list of names";
  }
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  return twice === undefined ? undefined : `the worker's \`columns\` has ${JSON.stringify(twice)} twice`;
}

/** Says where an import failed: a syntax error carries its place in front of its stack. */
function importError(file: string, error: unknown): UserError {
  const message = error instanceof Error ? error.message : String(error);
  const isSyntax =
    error instanceof SyntaxError || (error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_TYPESCRIPT_SYNTAX');
  const place = placeOf(error) ?? { file };
  const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
  return new UserError(isSyntax ? `the worker does not parse: ${message}` : `the worker cannot be imported: ${message}`, {
    place,
    hint: isSyntax
      ? 'mend the syntax'
      : missing
        ? 'install what it imports, or mend the path'
        : 'mend what the module does when it is loaded',
    cause: error,
  });
}

/** The first place in a stack that is a file of the user's. */
export function placeOf(error: unknown): Place | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const line of stack.split('\n')) {
    const match = /(file:\/\/[^\s):]+|(?<![\w:])\/[^\s):]+):(\d+)(?::(\d+))?/.exec(line);
    if (!match?.[1] || match[1].includes('/node_modules/')) continue;
    const file = match[1].startsWith('file://') ? fileURLToPath(match[1]) : match[1];
    const own = file.startsWith(fileURLToPath(new URL('..', import.meta.url)));
    if (own) continue;
    return { file, line: Number(match[2]), ...(match[3] ? { column: Number(match[3]) } : {}) };
  }
  return undefined;
}

import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { UserError, type Place } from '../core/errors.ts';
import type { AnyWorker } from '../core/worker.ts';

/** Imports a worker module and checks its shape; everything that can be wrong with it is a `UserError` that names it. */
export async function loadWorker(file: string): Promise<AnyWorker> {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) {
    throw new UserError(found ? 'is not a file' : 'there is no such worker', {
      place: { file },
      hint: 'give the path of a .js, .mjs or .ts module whose default export is a worker (`shardyard init` writes one)',
    });
  }
  let module: { readonly default?: unknown };
  try {
    module = requireModule(file) ?? ((await import(pathToFileURL(file).href)) as { readonly default?: unknown });
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

/**
 * Loads a module without the asynchronous loader, which costs every child 5 ms. `undefined` where that cannot be done: the module awaits
 * at its top level (Node says so before it runs any of it), or the user has hooks that only the other loader heeds.
 */
function requireModule(file: string): { readonly default?: unknown } | undefined {
  if (process.execArgv.some((arg) => /^--(import|loader|experimental-loader|require)\b|^-r/.test(arg)) || process.env['NODE_OPTIONS'])
    return undefined;
  try {
    // A module namespace or a CommonJS module's exports; what is in it is checked by the caller.
    const exports = createRequire(file)(file) as { readonly default?: unknown };
    return isNamespace(exports) ? exports : { default: exports };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_REQUIRE_ASYNC_MODULE') return undefined;
    throw error;
  }
}

const isNamespace = (value: unknown): boolean => Object.prototype.toString.call(value) === '[object Module]';

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

/** Where this program's own files are: beside the folder of the entry. */
const own = join(dirname(process.argv[1] ?? ''), '..') + sep;

/** The first place in a stack that is a file of the user's. */
export function placeOf(error: unknown): Place | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const line of stack.split('\n')) {
    const match = /(file:\/\/[^\s):]+|(?<![\w:])\/[^\s):]+):(\d+)(?::(\d+))?/.exec(line);
    if (!match?.[1] || match[1].includes('/node_modules/')) continue;
    const file = match[1].startsWith('file://') ? fileURLToPath(match[1]) : match[1];
    if (file.startsWith(own)) continue;
    return { file, line: Number(match[2]), ...(match[3] ? { column: Number(match[3]) } : {}) };
  }
  return undefined;
}

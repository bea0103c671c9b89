import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { COLUMN_TYPES, isColumnType } from '../core/column-type.ts';
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
    throw await importError(file, error);
  }
  const worker = unwrap(module.default);
  const problem = shapeProblem(worker);
  if (problem) throw new UserError(problem.what, { place: { file }, hint: problem.hint ?? WRITE });
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

const WRITE = 'write `export default defineWorker({ process(item) { … } })`';

interface Problem {
  readonly what: string;
  readonly hint?: string;
}

function shapeProblem(worker: unknown): Problem | undefined {
  if (worker === undefined) return { what: 'the worker has no default export' };
  if (typeof worker !== 'object' || worker === null) return { what: `the default export is a ${typeof worker}, not a worker` };
  if (!('process' in worker) || typeof worker.process !== 'function') return { what: 'the worker has no function `process`' };
  for (const name of ['items', 'key', 'setup', 'teardown']) {
    const value: unknown = Reflect.get(worker, name);
    if (value !== undefined && typeof value !== 'function') return { what: `the worker's \`${name}\` is not a function` };
  }
  const params: unknown = Reflect.get(worker, 'params');
  if (params !== undefined && params !== null && !isSchema(params)) {
    return {
      what: "the worker's `params` is no Standard Schema",
      hint: 'write it with zod, valibot or arktype: `params: z.object({ … })`',
    };
  }
  const columns: unknown = Reflect.get(worker, 'columns');
  return columnsProblem(columns) ?? typesProblem(Reflect.get(worker, 'types'), columns) ?? cacheProblem(Reflect.get(worker, 'cache'));
}

function cacheProblem(cache: unknown): Problem | undefined {
  if (cache === undefined) return undefined;
  const hint = "write `cache: { namespace: 'prices', version: 2 }`, or leave it out";
  if (typeof cache !== 'object' || cache === null) return { what: "the worker's `cache` is not an object", hint };
  const { namespace = '', version = 0, ...others }: Readonly<Record<string, unknown>> = { ...cache };
  if (typeof namespace !== 'string') return { what: "the worker's `cache.namespace` is not a text", hint };
  if (typeof version !== 'string' && typeof version !== 'number')
    return { what: "the worker's `cache.version` is neither a text nor a number", hint };
  const [unknown] = Object.keys(others);
  return unknown === undefined ? undefined : { what: `the worker's \`cache\` knows no ${JSON.stringify(unknown)}`, hint };
}

function columnsProblem(columns: unknown): Problem | undefined {
  if (columns === undefined) return undefined;
  if (!Array.isArray(columns) || columns.length === 0 || columns.some((column) => typeof column !== 'string')) {
    return { what: "the worker's `columns` is not a list of names", hint: "write `columns: ['symbol', 'date']`, or leave it out" };
  }
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice === undefined) return undefined;
  return { what: `the worker's \`columns\` has ${JSON.stringify(twice)} twice`, hint: 'name every column once' };
}

/** `columns`, where there are any, is a list of names by now. */
function typesProblem(types: unknown, columns: unknown): Problem | undefined {
  if (types === undefined) return undefined;
  const hint = `write \`types: { date: 'timestamp' }\`, with ${COLUMN_TYPES.join(', ')}`;
  if (typeof types !== 'object' || types === null || Array.isArray(types)) return { what: "the worker's `types` is not an object", hint };
  for (const [column, type] of Object.entries(types)) {
    if (!isColumnType(type)) return { what: `the worker's \`types.${column}\` is ${JSON.stringify(type)}, which is no type`, hint };
    if (Array.isArray(columns) && !columns.includes(column))
      return { what: `the worker's \`types\` has ${JSON.stringify(column)}, which is not in its \`columns\``, hint: 'correct the name' };
  }
  return undefined;
}

/** Some libraries make their schemas functions. */
function isSchema(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = Reflect.get(value, '~standard');
  return typeof standard === 'object' && standard !== null && 'validate' in standard && typeof standard.validate === 'function';
}

/** Says where an import failed. What is thrown by a running module is no fault of its syntax, even if it is a SyntaxError of JSON.parse. */
async function importError(file: string, error: unknown): Promise<UserError> {
  const message = error instanceof Error ? error.message : String(error);
  const known = placeOf(error);
  const isSyntax =
    error instanceof Error &&
    (error instanceof SyntaxError ? !isThrown(error) : 'code' in error && error.code === 'ERR_INVALID_TYPESCRIPT_SYNTAX');
  const place = known ?? (isSyntax ? await placeOfSyntax(file) : undefined) ?? { file };
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

/** Whether code of the user's was running: then the stack has a call in one of its files. */
const isThrown = ({ stack = '' }: Error): boolean =>
  placeOf({
    stack: stack
      .split('\n')
      .filter((line) => /^ +at /.test(line))
      .join('\n'),
  }) !== undefined;

/** V8 tells the place of a fault in a module's syntax only where Node prints it; nothing of a module that does not parse is run. */
async function placeOfSyntax(file: string): Promise<Place | undefined> {
  const { spawnSync } = await import('node:child_process');
  const { stderr } = spawnSync(process.execPath, [...process.execArgv, file], { encoding: 'utf8', timeout: 10_000 });
  return placeOf({ stack: stderr.split('\n', 1)[0] ?? '' });
}

/** Where this program's own files are: beside the folder of the entry. */
const own = join(dirname(process.argv[1] ?? ''), '..') + sep;

/** The first place in a stack that is a file of the user's. */
export function placeOf(error: unknown): Place | undefined {
  const stack = typeof error === 'object' && error !== null && 'stack' in error ? String(error.stack) : '';
  for (const line of stack.split('\n')) {
    const match = /(file:\/\/[^\s):]+|(?<![\w:])\/[^\s):]+):(\d+)(?::(\d+))?/.exec(line);
    if (!match?.[1] || match[1].includes('/node_modules/')) continue;
    const file = match[1].startsWith('file://') ? fileURLToPath(match[1]) : match[1];
    if (file.startsWith(own)) continue;
    return { file, line: Number(match[2]), ...(match[3] ? { column: Number(match[3]) } : {}) };
  }
  return undefined;
}

import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { type CommandSpec, checkCommand, commandName, commandText } from '../core/command.ts';
import { UserError } from '../core/errors.ts';
import type { LaunchOptions } from '../core/options.ts';
import { parseOutput } from '../formats/output.ts';
import type { Manifest } from '../store/manifest.ts';
import { hashWorker } from './hash-worker.ts';

/** Who makes the rows: a module, or a command; `sha256` changes when it does. */
export interface Identity {
  /** The module; of a command its script, or the executable. Absolute. */
  readonly file: string;
  readonly sha256: string;
  readonly command?: CommandSpec;
  /** What to call runs of it. */
  readonly name: string;
  /** How it is shown. */
  readonly text?: string;
}

/** Whom a run is asked for, checked: a `UserError` where it cannot be run. */
export function identify(options: LaunchOptions): Identity {
  const { command: args } = options;
  if (!args || args.length === 0) {
    const alone = [
      ['--collect', options.collect],
      ['--collect-as', options.collectAs],
      ['--item-column', options.itemColumn],
      ['--columns', options.columns],
    ] as const;
    const stray = alone.find(([, value]) => value !== undefined);
    if (stray)
      throw new UserError(`${stray[0]} is about the output of a command, and there is none`, { hint: 'put the command behind --' });
    const file = resolve(options.worker);
    return { file, sha256: hashWorker(file), name: options.worker };
  }
  refuse(options);
  if (options.output !== undefined) parseOutput(options.output);
  const cwd = process.cwd();
  const command = checkCommand({ ...options, command: args, swept: Object.keys(options.grid ?? {}) }, cwd);
  const executable = findExecutable(args[0] ?? '', cwd);
  const script = findScript(command);
  return {
    file: script ?? executable,
    sha256: hashCommand(command),
    command,
    name: options.worker === '' ? commandName(args, script) : options.worker,
    text: commandText(args),
  };
}

/** The same for a run that is there. */
export function identifyAgain(
  { command, worker }: Manifest,
  options: { readonly worker?: string | undefined },
): Pick<Identity, 'file' | 'sha256'> {
  if (!command) {
    const file = options.worker === undefined ? worker.file : resolve(options.worker);
    return { file, sha256: hashWorker(file) };
  }
  if (options.worker !== undefined)
    throw new UserError('this run runs a command, no worker module', { hint: 'leave --worker out, or start another run' });
  findExecutable(command.args[0] ?? '', command.cwd);
  return { file: findScript(command) ?? worker.file, sha256: hashCommand(command) };
}

/** The parts have what the command writes. */
export const partFormatOf = ({ format }: CommandSpec): Manifest['partFormat'] => (format === 'json' ? 'ndjson' : format);

/** The arguments and, where one of them is a file that is there, such as a script, the first such file. */
function hashCommand(command: CommandSpec): string {
  const hash = createHash('sha256').update(JSON.stringify([command.args, command.collect, command.format, command.itemColumn ?? null]));
  const script = findScript(command);
  return (script === undefined ? hash : hash.update(readFileSync(script))).digest('hex');
}

/** An executable that is found by its name alone is the system's, no script of the user's. */
function findScript({ args, cwd }: CommandSpec): string | undefined {
  const candidates = args.filter((arg, at) => !/[{}]/.test(arg) && (at > 0 || arg.includes('/')));
  return candidates.map((arg) => resolve(cwd, arg)).find((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}

function refuse({ concurrency, params, items }: LaunchOptions): void {
  if (concurrency !== undefined && concurrency > 1) {
    throw new UserError('--concurrency is for worker modules: a command is one process for each batch', { hint: 'use more --processes' });
  }
  if (params && Object.keys(params).length > 0)
    throw new UserError('a command takes no --param', { hint: 'write its parameters among its arguments' });
  if (items === undefined)
    throw new UserError('a command has no items of its own', { hint: 'name them with --items: a file, a list A,B,C or a range 0:100' });
}

function findExecutable(file: string, cwd: string): string {
  const isPath = file.includes('/');
  const folders = isPath ? [cwd] : (process.env['PATH'] ?? '').split(delimiter);
  const candidates = folders.map((folder) => (isPath ? resolve(folder, file) : join(folder, file)));
  const there = candidates.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  const found = there.find(isExecutable);
  if (found !== undefined) return found;
  if (there[0] !== undefined) throw new UserError('is not executable', { place: { file: there[0] }, hint: `make it so: chmod +x ${file}` });
  const here = !isPath && statSync(join(cwd, file), { throwIfNoEntry: false })?.isFile();
  throw new UserError(`there is no executable ${JSON.stringify(file)}`, {
    hint: here
      ? `write ./${file}`
      : isPath
        ? 'mend its path'
        : "check the spelling, install it, or give its path; a line for a shell is written sh -c '…'",
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

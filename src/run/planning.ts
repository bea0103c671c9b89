import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { UserError } from '../core/errors.ts';
import { combinationCount, type Grid } from '../core/grid.ts';
import { itemsName } from '../core/names.ts';
import type { Plan } from '../core/plan.ts';
import { slices } from '../core/slices.ts';
import { type Guard, keepWatched } from '../executors/guard.ts';
import { notStarted, OWN_PROCESS } from '../executors/own-process.ts';
import { opened } from '../ipc/messages.ts';
import type { FromPlanner, PlanRequest } from '../ipc/planning.ts';
import { signal, TOKEN_VARIABLE } from '../store/processes.ts';

/** How long a dead planning child's channel is read on, in milliseconds; a descendant may hold it open. */
const DRAIN = 1000;
const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
const entry = fileURLToPath(new URL(`../child/planner.${extension}`, import.meta.url));

export type Planned = Extract<FromPlanner, { type: 'planned' }>;

export interface PlanningOptions {
  readonly worker: string;
  /** Instead of the worker. */
  readonly command?: PlanRequest['command'];
  readonly params: Readonly<Record<string, unknown>>;
  readonly items: string | undefined;
  readonly key: string | undefined;
  readonly limit: number | undefined;
  readonly grid?: Grid | undefined;
  /** The items of an earlier plan are to be those of this one. */
  readonly frozen?: PlanRequest['frozen'] | undefined;
  readonly folder: string;
  /** The plan's number, and the plans before it. */
  readonly index: number;
  readonly earlier: readonly Plan[];
  readonly nodeArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  /** Only ask for the worker's columns. */
  readonly describe?: boolean;
  /** Ends the planning child when this process dies. */
  readonly guard: Guard;
}

/** Has a planning child import the worker and write the items down. What the user did wrong comes back as a `UserError`. */
export async function planItems(options: PlanningOptions): Promise<Planned> {
  const name = itemsName(options.index);
  const request: PlanRequest = {
    worker: options.worker,
    params: options.params,
    ...(options.command ? { command: options.command } : {}),
    ...(options.describe ? { describe: true } : {}),
    file: join(options.folder, name),
    name,
    earlier: options.earlier
      .map(({ index, items, count, grid }) => ({
        plan: index,
        each: count / combinationCount(grid),
        ...(grid ? { grid } : {}),
        items: items.kind === 'file' ? join(options.folder, items.file) : { start: items.start, end: items.end },
      }))
      .toReversed(),
    ...(options.items === undefined ? {} : { items: options.items }),
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(options.grid === undefined ? {} : { grid: options.grid }),
    ...(options.frozen === undefined ? {} : { frozen: options.frozen }),
  };
  const answer = await ask(request, options);
  if (answer.type === 'planned') return answer;
  if (answer.type === 'broken') throw Object.assign(new Error(answer.message), answer.stack === undefined ? {} : { stack: answer.stack });
  const { message, hint, place, exitCode } = answer;
  throw new UserError(message, { exitCode, ...(hint === undefined ? {} : { hint }), ...(place === undefined ? {} : { place }) });
}

async function ask(request: PlanRequest, { nodeArgs, env, signal: abort, worker, guard }: PlanningOptions): Promise<FromPlanner> {
  abort?.throwIfAborted();
  // A list that the user pipes or types in is read by the planning child itself; what a worker prints here goes to stderr.
  const subprocess = execa(process.execPath, [...nodeArgs, entry], {
    ipc: true,
    serialization: 'json',
    stdin: request.items === '-' ? 'inherit' : 'ignore',
    stdout: 2,
    stderr: 2,
    env,
    ...OWN_PROCESS,
  });
  const child = subprocess.nodeChildProcess;
  if (child.pid === undefined) return notStarted(subprocess);
  const end = (): void => void (child.pid !== undefined && signal(-child.pid, 'SIGKILL'));
  abort?.addEventListener('abort', end, { once: true });
  let unwatch: (() => void) | undefined;
  try {
    return await new Promise<FromPlanner>((resolve, reject) => {
      let answer: FromPlanner | undefined;
      child.on('message', (raw) => {
        const message = opened(raw);
        if (isAnswer(message)) answer = message;
      });
      child.once('error', reject);
      child.once('exit', (code, name) => {
        const conclude = (): void => {
          if (answer) return resolve(answer);
          if (abort?.aborted) return reject(abort.reason);
          const how = name === null ? `ended with exit code ${code}` : `was killed by ${name}`;
          reject(
            new UserError(`the process that imports the worker ${how} before it could list the items`, {
              place: { file: worker },
              hint: hintFor(code, name, nodeArgs),
            }),
          );
        };
        // The rest of a long answer may still be in the channel; it comes before `disconnect`.
        if (!child.connected) return conclude();
        child.once('disconnect', conclude);
        setTimeout(conclude, DRAIN).unref();
      });
      // Nothing of the user's runs before a guard knows.
      unwatch = keepWatched(child.pid ?? 0, {
        guard,
        token: env[TOKEN_VARIABLE] ?? '',
        // It may have died already; `exit` tells how.
        onKnown: () => child.connected && child.send(request, () => undefined),
      });
    });
  } finally {
    abort?.removeEventListener('abort', end);
    unwatch?.();
  }
}

function isAnswer(message: unknown): message is FromPlanner {
  if (typeof message !== 'object' || message === null || !('type' in message)) return false;
  return message.type === 'planned' || message.type === 'refused' || message.type === 'broken';
}

/** The plan for what the planning child found. */
export function planOf(
  planned: Pick<Planned, 'items' | 'grid' | 'count' | 'moves'>,
  index: number,
  { shards, batchSize }: { readonly shards: number; readonly batchSize: number },
  more: Pick<Plan, 'given' | 'rows'> = {},
): Plan {
  return {
    version: 1,
    index,
    items: planned.items,
    ...(planned.grid ? { grid: planned.grid } : {}),
    count: planned.count,
    batchSize,
    shards: slices(planned.count, shards),
    emptyShards: Math.max(0, shards - planned.count),
    moves: planned.moves,
    ...more,
  };
}

/** Node ends with code 9 for an argument that it does not know, and V8 by a signal where it has no heap left. */
function hintFor(code: number | null, name: NodeJS.Signals | null, nodeArgs: readonly string[]): string {
  if (nodeArgs.length > 0 && code === 9) return `see what it printed above: Node takes no such argument (--node-arg ${nodeArgs.join(' ')})`;
  if (nodeArgs.length > 0 && name !== null) return `see what it printed above; it was started with --node-arg ${nodeArgs.join(' ')}`;
  return 'see what it printed above; the module must not end the process when it is imported';
}

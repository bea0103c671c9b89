import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { notStarted, OWN_PROCESS } from './own-process.ts';

const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
const entry = fileURLToPath(new URL(`../child/guard.${extension}`, import.meta.url));

/** Milliseconds before another guard is tried where one could not be started. */
const PAUSE = 1000;

/** The parent's end of the process that ends all children when the parent dies. */
export interface Guard {
  /** 0 when it could not be started. */
  readonly pid: number;
  /** Settles at once, or rejects when it could not be started. */
  readonly started: Promise<void>;
  /** Settles once the guard knows a process group. Never settles when the guard dies before. */
  watch(group: number): Promise<void>;
  forget(group: number): void;
  /** Settles when the guard is gone; a while later, when it could not be started, so that whoever replaces it does not try without a pause. */
  readonly ended: Promise<void>;
  /** Has it end whatever is left of the session, and go. */
  close(): void;
  /** Lets it go without ending anything. */
  dismiss(): void;
}

/** Starts a guard. `token`: the mark in the environment of this session's processes. */
export function startGuard(token: string): Guard {
  const subprocess = execa(process.execPath, [entry, token], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
    ...OWN_PROCESS,
  });
  const child = subprocess.nodeChildProcess;
  const known = new Map<number, () => void>();
  child.stdin?.on('error', () => undefined);
  if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => known.get(Number(line))?.());
  const started = child.pid === undefined ? notStarted(subprocess) : Promise.resolve();
  started.catch(() => undefined);
  const ended = new Promise<void>((resolve) => {
    if (child.pid === undefined) setTimeout(resolve, PAUSE);
    else child.once('exit', () => resolve());
  });
  const tell = (line: string): void => void (child.stdin?.writable && child.stdin.write(line));
  return {
    pid: child.pid ?? 0,
    watch: (group) =>
      new Promise((resolve) => {
        known.set(group, () => {
          known.delete(group);
          resolve();
        });
        tell(`+${group}\n`);
      }),
    forget: (group) => tell(`-${group}\n`),
    started,
    ended,
    close: () => tell('end\n'),
    dismiss: () => tell('dismissed\n'),
  };
}

/**
 * Has one group watched until the returned function is called: by `guard`, and by another one whenever that dies. `onKnown` is called once,
 * as soon as one of them knows the group.
 */
export function keepWatched(
  group: number,
  { guard, token, onKnown }: { readonly guard: Guard; readonly token: string; readonly onKnown: () => void },
): () => void {
  let [current, isKnown, isOver] = [guard, false, false];
  const watch = (): void => {
    void current.watch(group).then(() => {
      if (!isKnown && !isOver) onKnown();
      isKnown = true;
    });
    void current.ended.then(() => {
      if (isOver) return;
      current = startGuard(token);
      watch();
    });
  };
  watch();
  return () => {
    isOver = true;
    current.forget(group);
    if (current !== guard) current.dismiss();
  };
}

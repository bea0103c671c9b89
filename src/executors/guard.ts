import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { OWN_PROCESS } from './own-process.ts';

const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
const entry = fileURLToPath(new URL(`../child/guard.${extension}`, import.meta.url));

/** The parent's end of the process that ends all children when the parent dies. */
export interface Guard {
  readonly pid: number;
  /** Settles once the guard knows a process group. Never settles when the guard dies before. */
  watch(group: number): Promise<void>;
  forget(group: number): void;
  /** Settles when the guard is gone. */
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
    ended: new Promise((resolve) => child.once('exit', () => resolve()).once('error', () => resolve())),
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

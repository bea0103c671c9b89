import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { asToParent, type Envelope, type ToChild } from '../ipc/messages.ts';
import { CHILD_VARIABLE, processesWith, signal, TOKEN_VARIABLE } from '../store/processes.ts';
import type { ChildEnd, Executor } from './executor.ts';

/** How long a dead child's channel is read on, in milliseconds; a descendant may hold it open. */
const DRAIN = 500;
/** One file, bundled by the build: 25 modules would cost every child 20 ms. Where this runs uncompiled, so does the child. */
const entry = fileURLToPath(new URL(import.meta.filename.endsWith('.ts') ? '../child/main.ts' : '../child/main.cjs', import.meta.url));

export interface LocalOptions {
  readonly nodeArgs: readonly string[];
  /** Added to the parent's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What children print before they have a shard; absent: to our stderr. */
  readonly log?: string;
}

/** Runs children on this machine: forked Node processes, each the leader of a process group of its own. */
export function localExecutor({ nodeArgs, env, log }: LocalOptions): Executor {
  const output = log === undefined ? 2 : openSync(log, 'a');
  const environment = { ...process.env, ...env };
  let count = 0;
  return {
    start(onMessage) {
      const mark = `${env[TOKEN_VARIABLE] ?? ''}.${++count}`;
      // Not execa: it takes 2.5 ms of the parent per child, a sixteenth of what a child costs altogether (bench, "recycle").
      const child = spawn(process.execPath, [...nodeArgs, entry], {
        stdio: ['ignore', output, output, 'ipc'],
        serialization: 'json',
        env: { ...environment, [CHILD_VARIABLE]: mark },
        detached: true,
      });
      const pid = child.pid ?? 0;
      child.on('message', (raw) => {
        const message = asToParent(raw);
        if (message) onMessage(message);
      });
      const ended = new Promise<ChildEnd>((resolve) => {
        child.once('exit', (code, name) => {
          const end = { code, signal: name };
          // What a worker has started and left running does not outlive its child.
          if (pid > 0) signal(-pid, 'SIGKILL');
          // What has left the group is found by its environment, which takes a look at every process of the machine: not after each batch.
          // What a child that ends in peace has left there goes with the session.
          if (code !== 0) for (const left of processesWith(mark, 'child')) signal(left, 'SIGKILL');
          // Messages that the child sent before it ended may still be in the channel; they come before `disconnect`.
          if (!child.connected) return resolve(end);
          child.once('disconnect', () => resolve(end));
          setTimeout(() => resolve(end), DRAIN);
        });
        child.once('error', (error) => {
          if (child.pid === undefined) resolve({ code: null, signal: null, error: error.message });
        });
      });
      return {
        pid,
        ended,
        send(message) {
          // A closed channel means that the child is gone or about to be; `ended` tells why.
          if (child.connected) child.send({ shardyard: message } satisfies Envelope<ToChild>, () => undefined);
        },
        kill(name) {
          if (pid > 0 && !signal(-pid, name)) signal(pid, name);
        },
      };
    },
    close: () => log !== undefined && closeSync(output),
  };
}

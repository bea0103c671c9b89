import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { asToParent } from '../ipc/messages.ts';
import { signal } from '../store/processes.ts';
import type { ChildEnd, Executor } from './executor.ts';

/** The same program as this one, compiled or not. */
const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
/** How long a dead child's channel is read on, in milliseconds; a descendant may hold it open. */
const DRAIN = 500;
const entry = fileURLToPath(new URL(`../child/main.${extension}`, import.meta.url));

export interface LocalOptions {
  readonly nodeArgs: readonly string[];
  /** Added to the parent's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What children print before they have a shard. */
  readonly log: string;
}

/** Runs children on this machine: forked Node processes, each the leader of a process group of its own. */
export function localExecutor({ nodeArgs, env, log }: LocalOptions): Executor {
  const output = openSync(log, 'a');
  return {
    start(onMessage) {
      const subprocess = execa(process.execPath, [...nodeArgs, entry], {
        ipc: true,
        serialization: 'json',
        stdin: 'ignore',
        // execa's types know the standard numbers only; any open descriptor is handed through.
        stdout: output as 1,
        stderr: output as 2,
        env,
        detached: true,
        buffer: false,
        reject: false,
        cleanup: false,
        forceKillAfterDelay: false,
      });
      const child = subprocess.nodeChildProcess;
      const pid = child.pid ?? 0;
      child.on('message', (raw) => {
        const message = asToParent(raw);
        if (message) onMessage(message);
      });
      const ended = new Promise<ChildEnd>((resolve) => {
        child.once('exit', (code, name) => {
          const end = { code, signal: name };
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
          if (child.connected) child.send(message, () => undefined);
        },
        kill(name) {
          if (pid > 0 && !signal(-pid, name)) signal(pid, name);
        },
      };
    },
    close: () => closeSync(output),
  };
}

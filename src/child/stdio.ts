import { closeSync, openSync } from 'node:fs';

/**
 * Points stdout and stderr of this process to a log. A child is forked before it is known which shard it will work for, and Node
 * has no dup2; but POSIX gives an opened file the lowest free number. If another thread was quicker and took that
 * number, what a worker prints would go into a stranger's file: then the process ends before it prints anything.
 */
export function printTo(log: string): void {
  for (const descriptor of [1, 2]) {
    closeSync(descriptor);
    if (openSync(log, 'a') !== descriptor) process.kill(process.pid, 'SIGKILL');
  }
}

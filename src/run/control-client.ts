import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import type { RunChoice } from '../core/api.ts';
import { type ControlAnswer, type ControlRequest, formatRequest, parseAnswer } from '../core/control.ts';
import { UserError } from '../core/errors.ts';
import { isOwned, readOwner } from '../store/lock.ts';
import { findRun } from './find-run.ts';
import { commandFor } from './next-command.ts';

/** A parent that is busy answers late; one that is stopped not at all (ms). */
const PATIENCE = 10_000;

/** Asks something of a run that is going on in another process; gives what it says. Whatever cannot be done is a `UserError`. */
export async function controlRun(choice: RunChoice, request: ControlRequest): Promise<string> {
  const { paths } = findRun(choice);
  const owner = readOwner(paths.folder);
  if (owner?.socket === undefined || !isOwned(paths.folder)) {
    throw new UserError(`the run ${paths.run} is not going on`, { hint: `see \`${commandFor('status', paths.run, choice)}\`` });
  }
  const answer = await ask(owner.socket, request).catch((error: unknown) => {
    throw new UserError(`the run ${paths.run} cannot be reached: ${error instanceof Error ? error.message : String(error)}`, {
      hint: `it is planning, merging or suspended, or belongs to another user; see \`${commandFor('status', paths.run, choice)}\``,
    });
  });
  if (answer.ok) return answer.message;
  throw new UserError(answer.message, answer.hint === undefined ? {} : { hint: answer.hint });
}

function ask(path: string, request: ControlRequest): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    const patience = setTimeout(() => socket.destroy(new Error('no answer within 10 s')), PATIENCE);
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(patience);
      reject(new Error('it has hung up'));
    });
    createInterface({ input: socket })
      // What befalls the socket is told there.
      .on('error', () => undefined)
      .once('line', (line) => {
        const answer = parseAnswer(line);
        if (answer) resolve(answer);
        else reject(new Error('it does not answer as a run does'));
        socket.end();
      });
    socket.write(formatRequest(request));
  });
}

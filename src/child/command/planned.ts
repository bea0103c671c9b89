import { placeholdersIn } from '../../core/command.ts';
import { UserError } from '../../core/errors.ts';
import type { AnyWorker } from '../../core/worker.ts';
import type { PlanRequest } from '../../ipc/planning.ts';

type Command = NonNullable<PlanRequest['command']>;

/** What stands in for a worker module while the items of a command are listed. */
export function commandWorker({ columns }: Command): AnyWorker {
  return { process: () => undefined, ...(columns ? { columns } : {}) };
}

const refuse = (what: string, hint: string): never => {
  throw new UserError(what, { hint });
};

/** Refuses items that the command could not tell from their neighbours, by the way it is told them. */
export function checkedItems(command: Command | undefined, key: (item: unknown) => string): (item: unknown) => string {
  if (!command) return key;
  const told = placeholdersIn([...command.args, command.collect]);
  return (item) => {
    const name = key(item);
    const text = typeof item === 'string' ? item : name;
    if (told.has('items') && !command.isSingle && text.includes(',')) {
      refuse(`the item ${JSON.stringify(text)} has a comma, and {items} joins items by commas`, 'use {itemsFile}, or --batch-size 1');
    }
    if (told.has('itemsFile') && typeof item === 'string' && /[\r\n]/.test(item)) {
      refuse(`the item ${JSON.stringify(item)} has a line break, and {itemsFile} has one item a line`, 'make the items records (.jsonl)');
    }
    return name;
  };
}

import type { Context } from '../../src/core/worker.ts';

const never = async (): Promise<never> => Promise.reject(new Error('this worker makes no calls'));

/** What a context of a worker has that makes no calls, for tests that run `process` by hand. */
export const NO_CALLS: Pick<Context, 'call' | 'permit' | 'cache' | 'spend' | 'artifact'> = {
  call: never,
  permit: never,
  cache: { get: never, set: never, delete: never, wrap: never },
  spend: () => undefined,
  artifact: () => {
    throw new Error('this worker makes no artifacts');
  },
};

import type { CacheNames } from '../core/calling.ts';
import type { Permit, PermitCost } from '../core/permit.ts';
import type { CallSettings } from '../ipc/call-messages.ts';
import type { Port } from './port.ts';

/** The item that makes a call. */
export interface Caller {
  readonly signal: AbortSignal;
  /** Set where the run's budget did not suffice, or its end has come. */
  withdrawn: Error | undefined;
  permit(cost?: PermitCost): Promise<Permit>;
}

/** What calls need to know of the child that they are made in. */
export interface ServicesOptions {
  readonly settings: CallSettings;
  readonly port: Port;
  /** Where a call is kept that does not say so. */
  readonly names: Required<CacheNames>;
}

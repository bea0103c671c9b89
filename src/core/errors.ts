/** Where in a user's file something is wrong; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** The same in every copy of this module: bundles and modules that are loaded beside them have one each. */
const BRAND = Symbol.for('shardyard.UserError');

/**
 * The user's input is wrong, or what they asked for cannot be done. Shown as `file:line:col: what: what to do`, never
 * as a stack. Anything else that is thrown is a bug in Shardyard.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly [BRAND] = true;
  readonly exitCode: number;
  readonly hint: string | undefined;
  readonly place: Place | undefined;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** `exitCode` defaults to 2 (input is wrong, nothing was started). `hint` says what to do, as a sentence. */
  constructor(message: string, options: { hint?: string; place?: Place; exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? 2;
    this.hint = options.hint;
    this.place = options.place;
  }
}

/** The one-line form of a user error: `items.jsonl:3:7: not JSON: …: mend the line`. */
export function formatUserError(error: UserError): string {
  const { place } = error;
  const where = place ? [place.file, place.line, place.column].filter((part) => part !== undefined).join(':') : undefined;
  return [where, error.message, error.hint].filter(Boolean).join(': ');
}

/** Ends a `switch` over a union; the compiler proves that it is never reached. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

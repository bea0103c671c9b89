/** Keys: read from `.env` as well as from the environment, and never shown. */

/** What is in the environment already is kept. */
export function readDotEnv(): void {
  try {
    process.loadEnvFile();
  } catch {
    // There is none.
  }
}

/** Takes a key out of what an error says of itself and of its causes: some servers repeat the request in their answer. Returns the error. */
export function withoutKey(error: unknown, key: string): unknown {
  if (key === '') return error;
  const forms = [key, encodeURIComponent(key)];
  const hide = (text: string): string => forms.reduce((rest, form) => rest.replaceAll(form, '[key]'), text);
  for (let [at, depth] = [error, 0]; at instanceof Error && depth < 5; at = at.cause, depth++) {
    at.message = hide(at.message);
    if (at.stack !== undefined) at.stack = hide(at.stack);
  }
  return error;
}

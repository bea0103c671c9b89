/** Where a text stops being JSON: `offset` in UTF-16 units, `what` for the user. */
export interface JsonFault {
  readonly offset: number;
  readonly what: string;
}

const BLANK = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * Finds the fault in a text that JSON.parse has refused. V8 names the position in some of its messages only, and their
 * wording changes.
 */
export function jsonFault(text: string): JsonFault {
  const open: ('[' | '{')[] = [];
  let at = 0;
  /** What may come next; `end of value` is the place behind a value. */
  let next: 'value' | 'value or ]' | 'name' | 'name or }' | ':' | 'end of value' = 'value';
  const fault = (what: string): JsonFault => ({ offset: at, what: at < text.length ? what : 'the text ends too early' });
  for (;;) {
    at = match(BLANK, text, at) ?? at;
    const char = text[at];
    if (next === 'end of value') {
      const inside = open.at(-1);
      if (inside === undefined) return fault('something follows the value');
      if (char === ',') next = inside === '[' ? 'value' : 'name';
      else if (char === (inside === '[' ? ']' : '}')) open.pop();
      else return fault(`, or ${inside === '[' ? ']' : '}'} expected`);
      at++;
    } else if (next === ':') {
      if (char !== ':') return fault(': expected');
      next = 'value';
      at++;
    } else if ((char === ']' && next === 'value or ]') || (char === '}' && next === 'name or }')) {
      open.pop();
      next = 'end of value';
      at++;
    } else if (char === '"') {
      const end = stringEnd(text, at);
      if (typeof end !== 'number') return end;
      at = end;
      next = next.startsWith('name') ? ':' : 'end of value';
    } else if (next.startsWith('name')) {
      return fault(`${next === 'name' ? 'a name in double quotes' : 'a name in double quotes, or }'} expected`);
    } else if (char === '[' || char === '{') {
      open.push(char);
      next = char === '[' ? 'value or ]' : 'name or }';
      at++;
    } else {
      const end = match(SCALAR, text, at);
      if (end === undefined) return fault('a value expected');
      at = end;
      next = 'end of value';
    }
  }
}

/** The offset behind the string that starts at `start`, or what is wrong in it. */
function stringEnd(text: string, start: number): number | JsonFault {
  for (let at = start + 1; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return { offset: at, what: 'a control character in a string (write it as an escape)' };
    const end: number | undefined = code === 0x5c ? match(ESCAPE, text, at) : at + 1;
    if (end === undefined) return { offset: at, what: 'an unknown escape in a string' };
    at = end;
  }
  return { offset: text.length, what: 'the text ends inside a string' };
}

/** The offset behind what a sticky pattern matches at `at`. */
function match(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

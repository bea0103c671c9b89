/** What of an item JSON would lose, and where in it: `.price.amount`. */
export interface Loss {
  readonly path: string;
  readonly what: string;
}

/**
 * Looks for what JSON.stringify refuses or, worse, drops or changes without a word. A field that is undefined is left
 * alone (it is as good as missing), as is what brings its own `toJSON`, such as a Date.
 */
export function jsonLoss(value: unknown, parents: object[] = []): Loss | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : { path: '', what: `is ${value}` };
    case 'object':
      return value === null || ('toJSON' in value && typeof value.toJSON === 'function') ? undefined : objectLoss(value, parents);
    case 'undefined':
      return { path: '', what: 'is undefined' };
    default:
      return { path: '', what: `is a ${typeof value}` };
  }
}

/** `parents` are the objects around this one, for cycles. */
function objectLoss(value: object, parents: object[]): Loss | undefined {
  if (parents.includes(value)) return { path: '', what: 'contains itself' };
  parents.push(value);
  const loss = Array.isArray(value) ? arrayLoss(value, parents) : fieldsLoss(value, parents);
  parents.pop();
  return loss;
}

function arrayLoss(value: readonly unknown[], parents: object[]): Loss | undefined {
  for (let at = 0; at < value.length; at++) {
    const loss = jsonLoss(value[at], parents);
    if (loss) return { ...loss, path: `[${at}]${loss.path}` };
  }
  return undefined;
}

function fieldsLoss(value: object, parents: object[]): Loss | undefined {
  const fields = Object.entries(value);
  if (ArrayBuffer.isView(value) || (fields.length === 0 && !isPlain(value))) return { path: '', what: `is a ${className(value)}` };
  for (const [name, field] of fields) {
    const loss = field === undefined ? undefined : jsonLoss(field, parents);
    if (loss) return { ...loss, path: `.${name}${loss.path}` };
  }
  return undefined;
}

/** Map, Set, RegExp and the like have no fields of their own and would become `{}`. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function className(value: object): string {
  return typeof value.constructor === 'function' ? value.constructor.name : 'special object';
}

import type { SchemaElement } from 'hyparquet';
import { unreachable } from '../../core/errors.ts';
import type { TypedColumn } from './survey.ts';

/**
 * The two schemas of a file: the one that the library writes its values by, and the one that the file says it has. They differ for JSON: our
 * text is JSON already, and the library would encode it a second time.
 */
export function schemasOf(columns: readonly TypedColumn[]): { readonly written: SchemaElement[]; readonly said: SchemaElement[] } {
  const root: SchemaElement = { name: 'schema', num_children: columns.length };
  return {
    written: [root, ...columns.map(({ name, type }) => elementOf({ name, type: type === 'json' ? 'string' : type }))],
    said: [root, ...columns.map(elementOf)],
  };
}

/** Every column may be null: a row need not have all of them. */
function elementOf({ name, type }: TypedColumn): SchemaElement {
  const base = { name, repetition_type: 'OPTIONAL' } as const;
  switch (type) {
    case 'string':
      return { ...base, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
    case 'json':
      return { ...base, type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } };
    case 'boolean':
      return { ...base, type: 'BOOLEAN' };
    case 'int32':
      return { ...base, type: 'INT32' };
    case 'int64':
      return { ...base, type: 'INT64' };
    case 'float':
      return { ...base, type: 'FLOAT' };
    case 'double':
      return { ...base, type: 'DOUBLE' };
    case 'date':
      return { ...base, type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } };
    case 'timestamp':
      return {
        ...base,
        type: 'INT64',
        converted_type: 'TIMESTAMP_MILLIS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
      };
    default:
      return unreachable(type);
  }
}

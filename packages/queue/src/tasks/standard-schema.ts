/**
 * What any library of schemas offers, by the Standard Schema specification, version 1 (standardschema.dev): only what is used of it.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** For types alone. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** What is wrong with a value, and where. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** How many issues a message names. */
const namedIssuesMax = 5;

/** Lets everything through as what the caller says it is: types without checks, for who needs no schema. */
export function unchecked<Value>(): StandardSchema<Value> {
  return {
    '~standard': { version: 1, vendor: 'quorate', validate: value => ({ value: value as Value }) },
  };
}

/** @throws TypeError unless it is a Standard Schema of version 1 */
export function checkSchema(what: string, schema: StandardSchema): void {
  const standard = (schema as Partial<StandardSchema> | undefined)?.['~standard'];
  if (standard?.version === 1 && typeof standard.validate === 'function') return;
  throw new TypeError(`${what} must be a Standard Schema of version 1: received ${typeof schema}`);
}

/**
 * What a schema makes of a value.
 *
 * @throws TypeError that names the issues, which are its cause
 */
export async function validated<Output>(
  what: string,
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): Promise<Output> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return result.value;
  const { issues } = result;
  const named = issues.slice(0, namedIssuesMax).map(textOf).join('; ');
  const more = issues.length > namedIssuesMax ? `; and ${issues.length - namedIssuesMax} more` : '';
  throw new TypeError(`${what} must satisfy its schema: ${named}${more}`, { cause: issues });
}

function textOf({ message, path = [] }: SchemaIssue): string {
  const keys = path.map(part => String(typeof part === 'object' ? part.key : part));
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`;
}

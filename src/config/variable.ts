import * as v from 'valibot';

/** One variable: how it is read, what it means, and its default as the documentation prints it. */
export interface Variable {
  /** Another name, which wins where both are set. */
  readonly alias?: string;
  /** The option of `Config` that holds the value, such as `http.maxConnections`. */
  readonly option?: string;
  readonly schema: v.GenericSchema<string | undefined, unknown>;
  readonly default: string;
  readonly description: string;
}

/** What variables are once they are read. */
export type ValuesOf<Variables extends Record<string, Variable>> = {
  readonly [Name in keyof Variables]: v.InferOutput<Variables[Name]['schema']>;
};

export function oneOf<const Options extends readonly string[]>(options: Options) {
  return v.picklist(options, `expected one of ${options.join(', ')}`);
}

export function integer(minimum: number, maximum: number) {
  const message = `expected a whole number from ${minimum} to ${maximum}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, message),
    v.transform(Number),
    v.minValue(minimum, message),
    v.maxValue(maximum, message),
  );
}

export function integerVariable(
  option: string,
  minimum: number,
  maximum: number,
  fallback: number,
  description: string,
) {
  const text = String(fallback);
  return { option, schema: v.optional(integer(minimum, maximum), text), default: text, description };
}

/** A share from 0 to 1. */
export const share = v.pipe(
  v.string(),
  v.regex(/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/, 'expected a number from 0 to 1'),
  v.transform(Number),
);

export const onOff = v.pipe(
  oneOf(['true', 'false']),
  v.transform((value) => value === 'true'),
);

import * as v from 'valibot';

/** Declares one environment variable. */
export interface Variable {
  /** Another name, which has precedence where both are set. */
  readonly alias?: string;
  /** The option of `Config` that holds the value, such as `http.maxConnections`. */
  readonly option?: string;
  /** Parses the text of the variable. */
  readonly schema: v.GenericSchema<string | undefined, unknown>;
  /** As the documentation prints it, in Markdown. */
  readonly default: string;
  /** In Markdown. */
  readonly description: string;
}

/** The parsed values of variables. */
export type ValuesOf<Variables extends Record<string, Variable>> = {
  readonly [Name in keyof Variables]: v.InferOutput<Variables[Name]['schema']>;
};

/** Accepts one of the texts. */
export function oneOf<const Options extends readonly string[]>(options: Options) {
  return v.picklist(options, `expected one of ${options.join(', ')}`);
}

/** Parses a whole number in the range. */
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

/** Declares the variable of a whole number with a fixed default. */
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

/** Parses a share from 0 to 1. */
export const share = v.pipe(
  v.string(),
  v.regex(/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/, 'expected a number from 0 to 1'),
  v.transform(Number),
);

/** Parses `true` or `false`. */
export const onOff = v.pipe(
  oneOf(['true', 'false']),
  v.transform((value) => value === 'true'),
);

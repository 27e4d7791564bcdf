/** A file or another resource that the configuration names is unusable. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  /** One line for each problem: the variable's name and the expected value. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** What a program says of them. */
export function describeProblems(problems: readonly string[]): string {
  return ['The configuration is wrong:', ...problems.map((line) => `  ${line}`)].join('\n');
}

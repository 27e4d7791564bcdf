/** Something that the configuration names, such as a file, is wrong. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  /** One line a problem: the variable's name, and what was expected. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

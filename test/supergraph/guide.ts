import { readFileSync } from 'node:fs';

const guide = readFileSync('docs/federation.md', 'utf8');

/** A fenced block of code in the federation guide. */
export interface Snippet {
  readonly language: string;
  readonly code: string;
}

/** Every block of code in the guide. */
export const snippets: readonly Snippet[] = [...guide.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(
  ([, language = '', code = '']) => ({ language, code }),
);

/**
 * The guide's one block of code in a language that has something in it.
 *
 * @throws an Error where there is none, or more than one
 */
export function snippetWith(language: string, text: string): string {
  const [found, ...others] = snippets.filter((one) => one.language === language && one.code.includes(text));
  if (found === undefined || others.length > 0)
    throw new Error(`The guide needs one ${language} with ${text}.`);
  return found.code;
}

/** The text of a section, without its heading and what is below deeper or later ones. */
export function sectionOf(heading: string): string {
  const [, rest = ''] = guide.split(`\n## ${heading}\n`);
  return rest.split('\n## ')[0] ?? '';
}

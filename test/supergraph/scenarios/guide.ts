import { sectionOf } from '../guide.ts';

/** What the guide says of a gateway, by the names of the tables' columns. */
export type Guide = Readonly<Record<string, string>>;

/**
 * Reads the tables under “What clients see”.
 *
 * @throws an Error where one has no row of the gateway
 */
export function readGuide(name: string): Guide {
  const tables = sectionOf('What clients see').match(/(?:^\|.*\|\n)+/gm) ?? [];
  const cells = tables.flatMap((table) => {
    const [header = [], , ...rows] = table
      .trim()
      .split('\n')
      .map((row) => row.split('|').map((cell) => cell.replaceAll('`', '').trim()));
    const row = rows.find(([, gateway]) => gateway === name);
    if (row === undefined)
      throw new Error(`docs/federation.md does not say what clients see through ${name}.`);
    return header.map((column, index) => [column, row[index] ?? ''] as const);
  });
  return Object.fromEntries(cells);
}

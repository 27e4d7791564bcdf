import { compareContract } from '../../contract/compare-contract.ts';
import { loadDocument } from '../../contract/load-document.ts';
import { publishedDocument } from './published.ts';

export const contract = await loadDocument('contract/bluejay.openapi.yaml');

export const byId = '/v1/customer-persona/{persona_id}';
export const byAgent = '/v1/customer-personas-by-agent/{agent_id}';
export type Document = ReturnType<typeof publishedDocument>;

/** The differences after a change of the published document, a line each. */
export function differencesAfter(change: (document: Document) => void): string[] {
  const document = publishedDocument();
  change(document);
  return (
    compareContract(contract, document)
      .map(({ kind, where, what }) => `${kind}: ${where}: ${what}`)
      // Both calls answer with the same schemas: what is true of one is true of the other.
      .filter((line) => !line.includes(byAgent) || !line.match(/ 200\[\]\.| 422\./))
  );
}

export const persona = (document: Document) => document.components['schemas'].CustomerPersona;
export const setField = (name: string, schema: unknown) => (document: Document) => {
  persona(document).properties[name] = schema;
};
export const getById = (document: Document) => document.paths[byId].get;
export const setParameter = (index: number, parameter: unknown) => (document: Document) => {
  getById(document).parameters[index] = parameter;
};

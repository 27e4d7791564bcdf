/** The document, or a part of it, cannot be checked. The message says why. */
export class Uncheckable extends Error {
  override readonly name = 'Uncheckable';
}

/** `breaking`: the gateway fails against such an API. `warning`: the document does not say whether it does. */
export type Kind = 'breaking' | 'warning' | 'harmless';

/** Records a finding at a place such as `GET /v1/customer-persona/{persona_id} 200.created_at`. */
export type Report = (kind: Kind, where: string, what: string) => void;

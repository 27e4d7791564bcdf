/** One way in which a document departs from the contract. */
export interface Difference {
  /**
   * `breaking`: the gateway would fail, or answer wrongly, against an API like this. `uncheckable`: the document
   * does not say whether it would, mostly because it contradicts itself.
   */
  readonly kind: 'breaking' | 'harmless' | 'uncheckable';
  /** Such as `GET /v1/customer-persona/{persona_id} 200 created_at`. */
  readonly where: string;
  readonly what: string;
}

/** Records a difference. */
export type Report = (kind: Difference['kind'], where: string, what: string) => void;

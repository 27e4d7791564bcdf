/** One way in which a document departs from the contract. */
export interface Difference {
  /** Whether the gateway would fail, or answer wrongly, against an API like this. */
  readonly isBreaking: boolean;
  /** Such as `GET /v1/customer-persona/{persona_id} 200 created_at`. */
  readonly where: string;
  readonly what: string;
}

/** Takes down a difference. */
export type Report = (isBreaking: boolean, where: string, what: string) => void;

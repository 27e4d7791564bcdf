/** A text of a persona: there, not given, not readable, or still to come. */
export function Text({ value, isMissing, isComing = false, none }: TextProps) {
  if (isMissing) {
    return <span className="missing">Could not be read</span>;
  }
  if (value) return value;
  if (isComing) return <Skeleton />;
  return <span className="none">{none}</span>;
}

interface TextProps {
  readonly value: string | null | undefined;
  /** Null because it failed, not because there is none. */
  readonly isMissing: boolean;
  /** @default false */
  readonly isComing?: boolean;
  readonly none: string;
}

export function Skeleton({ width = '100%' }: { width?: string }) {
  return (
    <span className="skeleton" style={{ inlineSize: width }}>
      <span className="visually-hidden">Loading</span>
    </span>
  );
}

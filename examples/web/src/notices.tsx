import type { UseQueryResult } from '@tanstack/react-query';
import { useQueryClient } from '@tanstack/react-query';
import type { QueryKey } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { GatewayError } from './gateway.ts';

/** A read that takes longer than this is said to. */
const slowAfterMs = 1_500;

interface ReadNoticeProps {
  readonly query: Pick<
    UseQueryResult,
    'data' | 'dataUpdatedAt' | 'error' | 'failureReason' | 'fetchStatus' | 'isPlaceholderData' | 'refetch'
  >;
  readonly queryKey: QueryKey;
}

/** Says why something is not there, or not the newest, and when it is tried again. */
export function ReadNotice({ query, queryKey }: ReadNoticeProps) {
  const client = useQueryClient();
  const { error, failureReason, fetchStatus, dataUpdatedAt } = query;
  const isFetching = fetchStatus === 'fetching';
  const failure = isFetching ? failureReason : error;
  // A read that waits for its next attempt is under way for TanStack Query: it is ended first.
  const tryNow = async () => {
    await client.cancelQueries({ queryKey, exact: true });
    await query.refetch();
  };

  if (failure === null) return isFetching ? <SlowNotice /> : null;
  return (
    <div className="notice">
      <div role={isFetching ? 'status' : 'alert'}>
        <p>{failure.message}</p>
        {dataUpdatedAt > 0 && <p>Below is what was read at {formatTime(dataUpdatedAt)}.</p>}
      </div>
      {failure.extensions.retryable === true && (
        <p className="retry">
          {isFetching && <Countdown until={failure.retryAt} />}
          <button type="button" onClick={() => void tryNow()}>
            Try now
          </button>
        </p>
      )}
      <RequestId error={failure} />
    </div>
  );
}

function SlowNotice() {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), slowAfterMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <p role="status" className={isSlow ? 'notice slow' : undefined}>
      {isSlow && 'Bluejay takes longer than usual. Still waiting …'}
    </p>
  );
}

/** Counts down. Screen readers do not read a timer out each second. */
function Countdown({ until = 0 }: { until: number | undefined }) {
  const now = useNow();
  const seconds = Math.ceil((until - now) / 1_000);
  return <span role="timer">{seconds > 0 ? `Next attempt in ${seconds} s` : 'Trying again …'}</span>;
}

function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** What a report to the gateway's team needs. */
export function RequestId({ error }: { error: GatewayError }) {
  const { requestId } = error.extensions;
  return (
    requestId !== undefined && (
      <p className="request-id">
        Request <code>{requestId}</code>
      </p>
    )
  );
}

/** Says why a write failed, what became of it, and what can be done. */
export function WriteNotice({ error }: { error: GatewayError | null }) {
  return (
    <div role="alert">
      {error !== null && (
        <div className="notice">
          <p>{error.message}</p>
          {error.extensions.outcome === 'unknown' && (
            <p>The list is being read again: see there whether it is done before you repeat it.</p>
          )}
          {error.extensions.outcome === 'not_applied' && <p>Nothing was changed.</p>}
          <RequestId error={error} />
        </div>
      )}
    </div>
  );
}

function formatTime(at: number): string {
  return new Date(at).toLocaleTimeString(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
}

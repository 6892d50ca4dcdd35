// What fails: topics with their errors, the most frequent first.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import {
  OverviewFailuresDocument,
  type OverviewFailuresQuery,
} from '../../../../generated/console/graphql.ts';
import { numberText } from '../../base/count.tsx';
import { TopicLink } from '../../base/links.tsx';
import { ErrorNotice } from '../../base/notice.tsx';
import { Time } from '../../base/time.tsx';
import { useSession } from '../../shell/session.ts';
import { boundsOf, type ChosenRange } from './range.ts';

type FailureGroup = OverviewFailuresQuery['failures'][number];

/** So many are shown at first. */
const shortLength = 6;

export function Failing({ range }: { range: ChosenRange }) {
  const { client } = useSession();
  const { data, error } = useQuery({
    queryKey: ['failures', range.name, range.zoom],
    queryFn: ({ signal }) =>
      client.query(OverviewFailuresDocument, { from: boundsOf(range, Date.now()).from }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 0,
    refetchInterval: range.everyMs ?? false,
  });
  const failures = data?.failures ?? [];
  const [isWhole, setWhole] = useState(false);
  return (
    <section className="card overview-failing" aria-labelledby="failing">
      <h2 id="failing">Failing now</h2>
      <ErrorNotice error={error} />
      {data?.failures.length === 0 && (
        <p className="muted">No event that failed in this range is still failed.</p>
      )}
      {failures.length > 0 && <FailureTable failures={isWhole ? failures : failures.slice(0, shortLength)} />}
      {!isWhole && failures.length > shortLength && (
        <button type="button" className="failing-more" onClick={() => setWhole(true)}>
          Show {failures.length - shortLength} more
        </button>
      )}
    </section>
  );
}

function FailureTable({ failures }: { failures: readonly FailureGroup[] }) {
  return (
    <div className="table-scroll">
      <table>
        <thead>
          <tr>
            <th scope="col" className="number">
              Events
            </th>
            <th scope="col">Topic and error</th>
            <th scope="col">Latest</th>
          </tr>
        </thead>
        <tbody>
          {failures.map((group) => (
            <FailureRow key={`${group.topic} ${group.code} ${group.message}`} {...group} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function FailureRow({ topic, code, message, count, lastAt, sample }: FailureGroup) {
  return (
    <tr>
      <td className="number failing-count">{numberText(count)}</td>
      <td>
        <TopicLink topic={topic} />
        <div className="failing-error">
          {code && <code>{code}</code>} {message || 'without an error message'}
        </div>
      </td>
      <td className="nowrap">
        <Link to="/chains/$requestId" params={{ requestId: sample.requestId }} search={{ event: sample.id }}>
          <Time at={lastAt} />
          <span className="visually-hidden">: chain of the latest {topic}</span>
        </Link>
      </td>
    </tr>
  );
}

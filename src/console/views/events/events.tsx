// The live list of events.
import { useQuery } from '@tanstack/react-query';
import { EventPageDocument } from '../../../../generated/console/graphql.ts';
import { ErrorNotice, Heading } from '../../base/notice.tsx';
import { Status } from '../../base/status.tsx';
import { Time } from '../../base/time.tsx';
import { useSession } from '../../shell/session.ts';

export function Events() {
  const { client } = useSession();
  const { data, error } = useQuery({
    queryKey: ['events'],
    queryFn: ({ signal }) => client.query(EventPageDocument, { first: 50 }, { signal }),
  });
  return (
    <>
      <Heading title="Events" />
      <ErrorNotice error={error} />
      <table>
        <tbody>
          {data?.events.nodes.map((event) => (
            <tr key={event.id}>
              <td>{event.topic}</td>
              <td>
                <Status status={event.status} />
              </td>
              <td>
                <Time at={event.createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

// The next ten ticks of a schedule, in its own zone and in the viewer's. The gateway computes them with the same library.
import { useQuery } from '@tanstack/react-query';
import { Table } from '../../base/panel.tsx';
import { durationText } from '../../base/time.tsx';

interface Schedule {
  readonly cron: string;
  readonly timezone: string;
}

const shown = 10;

export function NextTicks({ cron, timezone }: Schedule) {
  const { data: ticks, error } = useQuery({
    queryKey: ['ticks', cron, timezone],
    queryFn: () => nextTicks({ cron, timezone }),
    enabled: cron.trim() !== '',
    placeholderData: (before) => before,
    staleTime: 0,
  });
  if (cron.trim() === '') return null;
  const viewerZone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const isSame = viewerZone === timezone;
  return (
    <section aria-label="Next ticks" aria-live="polite">
      <h3 className="ticks-title">Next ticks</h3>
      {error ? (
        <p className="notice notice-error">{error.message.replace(/^Cron\w+: /, '')}</p>
      ) : ticks?.length === 0 ? (
        <p className="none">None: this time never comes.</p>
      ) : (
        <Table
          label="Next ticks"
          columns={isSame ? [timezone, 'From now'] : [timezone, viewerZone, 'From now']}
        >
          {(ticks ?? []).map((tick) => (
            <tr key={tick.getTime()}>
              <td className="nowrap">
                <time dateTime={tick.toISOString()} title={tick.toISOString()}>
                  {inZone(tick, timezone)}
                </time>
              </td>
              {!isSame && <td className="nowrap muted">{inZone(tick, viewerZone)}</td>}
              <td className="nowrap muted">{durationText(Math.max(0, tick.getTime() - Date.now()))}</td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

async function nextTicks({ cron, timezone }: Schedule): Promise<readonly Date[]> {
  const { Cron } = await import('croner');
  return new Cron(cron.trim(), { timezone, paused: true }).nextRuns(shown);
}

function inZone(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat(undefined, {
    ...({ weekday: 'short', month: 'short', day: 'numeric', timeZone } as const),
    ...({ hour: '2-digit', minute: '2-digit', second: '2-digit' } as const),
  }).format(at);
}

// Times in the viewer's zone: short in lists, exact on hover.

const exact = new Intl.DateTimeFormat(undefined, {
  ...({ weekday: 'short', year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit' } as const),
  ...({ minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, timeZoneName: 'short' } as const),
});
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const precise = new Intl.DateTimeFormat(undefined, {
  ...({ hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 } as const),
});
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

/** In the viewer's zone, and in UTC. */
export function exactTime(at: string | Date): string {
  const date = new Date(at);
  return `${exact.format(date)} (${date.toISOString()})`;
}

function shortTime(date: Date, { format }: Intl.DateTimeFormat): string {
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? format(date) : `${day.format(date)}, ${format(date)}`;
}

interface TimeProps {
  readonly at: string | null | undefined;
  /** With milliseconds, where times stand close together. */
  readonly isPrecise?: boolean;
}

export function Time({ at, isPrecise = false }: TimeProps) {
  if (!at) return <span className="none">–</span>;
  return (
    <time dateTime={at} title={exactTime(at)}>
      {shortTime(new Date(at), isPrecise ? precise : clock)}
    </time>
  );
}

/** Such as `12 ms`, `3.4 s`, `5 min 12 s`, `2 h 3 min`, `4 d 2 h`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** From one time to another, or until now. */
export function Duration({ from, to }: { from: string | null | undefined; to?: string | null | undefined }) {
  if (!from) return <span className="none">–</span>;
  const ms = (to ? Date.parse(to) : Date.now()) - Date.parse(from);
  return <span className="duration">{durationText(Math.max(0, ms))}</span>;
}

// Numbers as people read them.

const format = new Intl.NumberFormat('en');

export function numberText(value: number): string {
  return format.format(value);
}

/** A count that may have stopped early: "25,000+". */
export function Count({ value, isExact = true }: { value: number; isExact?: boolean }) {
  const text = numberText(value) + (isExact ? '' : '+');
  return (
    <span className={value === 0 && isExact ? 'none' : 'count'} title={isExact ? undefined : 'At least'}>
      {text}
    </span>
  );
}

/** `1 event`, `2 events`, `25,000+ events`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}

/** Such as `12.3 MB`, in powers of 1,000. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${value.toFixed(value < 100 && power > 0 ? 1 : 0)} ${units[power]}`;
}

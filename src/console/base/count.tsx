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

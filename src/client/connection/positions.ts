// Positions of the log are 64-bit numbers in decimal, too long for a JavaScript number.

export function isAfter(position: string, other: string): boolean {
  return position.length === other.length ? position > other : position.length > other.length;
}

// One event: what happened to it, what it holds, and what can be done with it.
import { Heading } from '../../base/notice.tsx';

export function EventView() {
  return <Heading title="Event" />;
}

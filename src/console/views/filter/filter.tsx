// Tries an expression on stored events.
import { Heading } from '../../base/notice.tsx';

export function FilterPlayground() {
  return <Heading title="Filter playground" />;
}

// How long events are kept.
import { Heading } from '../../base/notice.tsx';

export function Retention() {
  return <Heading title="Retention" />;
}

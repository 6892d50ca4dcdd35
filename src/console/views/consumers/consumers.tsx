// The consumers of jobs, with what waits for each.
import { Heading } from '../../base/notice.tsx';

export function Consumers() {
  return <Heading title="Consumers" />;
}
